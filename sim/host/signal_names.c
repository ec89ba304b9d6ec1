/* SPDX-License-Identifier: MIT */
/*
 * Names and default actions of signals (signal(7)).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/host/signal.h"

static const struct {
	const char *name;
	enum sig_default action;
} signals[] = {
	[SIGHUP] = { "SIGHUP", SIG_ACT_TERM },	     [SIGINT] = { "SIGINT", SIG_ACT_TERM },
	[SIGQUIT] = { "SIGQUIT", SIG_ACT_CORE },     [SIGILL] = { "SIGILL", SIG_ACT_CORE },
	[SIGTRAP] = { "SIGTRAP", SIG_ACT_CORE },     [SIGABRT] = { "SIGABRT", SIG_ACT_CORE },
	[SIGBUS] = { "SIGBUS", SIG_ACT_CORE },	     [SIGFPE] = { "SIGFPE", SIG_ACT_CORE },
	[SIGKILL] = { "SIGKILL", SIG_ACT_TERM },     [SIGUSR1] = { "SIGUSR1", SIG_ACT_TERM },
	[SIGSEGV] = { "SIGSEGV", SIG_ACT_CORE },     [SIGUSR2] = { "SIGUSR2", SIG_ACT_TERM },
	[SIGPIPE] = { "SIGPIPE", SIG_ACT_TERM },     [SIGALRM] = { "SIGALRM", SIG_ACT_TERM },
	[SIGTERM] = { "SIGTERM", SIG_ACT_TERM },     [SIGSTKFLT] = { "SIGSTKFLT", SIG_ACT_TERM },
	[SIGCHLD] = { "SIGCHLD", SIG_ACT_IGN },	     [SIGCONT] = { "SIGCONT", SIG_ACT_CONT },
	[SIGSTOP] = { "SIGSTOP", SIG_ACT_STOP },     [SIGTSTP] = { "SIGTSTP", SIG_ACT_STOP },
	[SIGTTIN] = { "SIGTTIN", SIG_ACT_STOP },     [SIGTTOU] = { "SIGTTOU", SIG_ACT_STOP },
	[SIGURG] = { "SIGURG", SIG_ACT_IGN },	     [SIGXCPU] = { "SIGXCPU", SIG_ACT_CORE },
	[SIGXFSZ] = { "SIGXFSZ", SIG_ACT_CORE },     [SIGVTALRM] = { "SIGVTALRM", SIG_ACT_TERM },
	[SIGPROF] = { "SIGPROF", SIG_ACT_TERM },     [SIGWINCH] = { "SIGWINCH", SIG_ACT_IGN },
	[SIGIO] = { "SIGIO", SIG_ACT_TERM },	     [SIGPWR] = { "SIGPWR", SIG_ACT_TERM },
	[SIGSYS] = { "SIGSYS", SIG_ACT_CORE },
};

/* The real-time signals as the kernel numbers them; strace's names. */
static const char *const realtime[] = {
	"SIGRT_0",  "SIGRT_1",	"SIGRT_2",  "SIGRT_3",	"SIGRT_4",  "SIGRT_5",	"SIGRT_6",
	"SIGRT_7",  "SIGRT_8",	"SIGRT_9",  "SIGRT_10", "SIGRT_11", "SIGRT_12", "SIGRT_13",
	"SIGRT_14", "SIGRT_15", "SIGRT_16", "SIGRT_17", "SIGRT_18", "SIGRT_19", "SIGRT_20",
	"SIGRT_21", "SIGRT_22", "SIGRT_23", "SIGRT_24", "SIGRT_25", "SIGRT_26", "SIGRT_27",
	"SIGRT_28", "SIGRT_29", "SIGRT_30", "SIGRT_31", "SIGRT_32",
};

enum sig_default signal_default_action(int signo)
{
	return signo < (int)ARRAY_SIZE(signals) ? signals[signo].action : SIG_ACT_TERM;
}

const char *signal_name(int signo)
{
	if (signo > 0 && signo < (int)ARRAY_SIZE(signals))
		return signals[signo].name;
	return signo >= 32 && signo <= SIG_MAX ? realtime[signo - 32] : "SIG?";
}

int signal_parse(const char *name)
{
	for (int i = 1; i <= SIG_MAX; i++) {
		if (!strcmp(signal_name(i), name))
			return i;
	}
	return 0;
}
