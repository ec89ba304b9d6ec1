/* SPDX-License-Identifier: MIT */
/*
 * The time-stamp counter: programs may not read it (PR_SET_TSC), and so neither does the supervisor while
 * it hosts.
 *
 * The permission is a bit of CR4, switched with the task. In a virtual machine writing CR4 can leave the
 * guest, which costs more than all the rest of an emulated call; when both sides have the same
 * permission nothing is switched. The C library may read the counter for a clock: then a fault gives the
 * permission back until the next call.
 */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "sim/process/hosted_int.h"

/* A signal handler has nothing else. */
volatile int hosted_tsc_allowed = 1;
static struct sigaction before;

int hosted_tsc_length(const u8 b[3])
{
	if (b[0] == 0x0f && b[1] == 0x31)
		return 2; /* rdtsc */
	return b[0] == 0x0f && b[1] == 0x01 && b[2] == 0xf9 ? 3 : 0; /* rdtscp */
}

static void on_fault(int sig, siginfo_t *info, void *ctx)
{
	const u8 *ip = (const u8 *)(uintptr_t)((ucontext_t *)ctx)->uc_mcontext.gregs[REG_RIP];

	/* Of that kind only, since the counter may not be read: ip is mapped, as it was executed. */
	if (info->si_code == SI_KERNEL && !hosted_tsc_allowed && ip[0] == 0x0f &&
	    (ip[1] == 0x31 || ip[1] == 0x01)) {
		prctl(PR_SET_TSC, PR_TSC_ENABLE);
		hosted_tsc_allowed = 1;
		return;
	}
	/* A fault of our own: as it was before, and once more. */
	sigaction(SIGSEGV, &before, NULL);
}

void hosted_tsc_forbid(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK }, now;

	sigaction(SIGSEGV, NULL, &now);
	if (now.sa_sigaction != on_fault)
		sigaction(SIGSEGV, &sa, &before);
	hosted_tsc_allowed = 0;
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
}

void hosted_tsc_restore(void)
{
	struct sigaction now;

	prctl(PR_SET_TSC, PR_TSC_ENABLE);
	hosted_tsc_allowed = 1;
	sigaction(SIGSEGV, NULL, &now);
	if (now.sa_sigaction == on_fault)
		sigaction(SIGSEGV, &before, NULL);
}
