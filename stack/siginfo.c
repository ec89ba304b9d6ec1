/* SPDX-License-Identifier: MIT */
/*
 * siginfo_t, as sigaction(2) and signalfd(2) describe it: which fields a signal has follows from
 * its number and code.
 */
#include "stack/siginfo.h"

#include <sys/signalfd.h>
#include <string.h>

enum siginfo_layout siginfo_layout(int signo, int code)
{
	if (code > SI_USER && code < SI_KERNEL) {
		switch (signo) {
		case SIGILL:
		case SIGFPE:
		case SIGSEGV:
		case SIGBUS:
		case SIGTRAP:
			return LAYOUT_FAULT;
		case SIGCHLD:
			return LAYOUT_CHLD;
		case SIGSYS:
			return LAYOUT_SYS;
		default:
			return code <= POLL_HUP ? LAYOUT_POLL : LAYOUT_KILL;
		}
	}
	if (code == SI_TIMER)
		return LAYOUT_TIMER;
	if (code == SI_SIGIO)
		return LAYOUT_POLL;
	return code < 0 ? LAYOUT_RT : LAYOUT_KILL;
}

void siginfo_to_user(siginfo_t *to, const struct siginfo *from)
{
	memset(to, 0, sizeof(*to));
	to->si_signo = from->signo;
	to->si_code = from->code;
	switch (siginfo_layout(from->signo, from->code)) {
	case LAYOUT_TIMER:
		to->si_timerid = from->timerid;
		to->si_overrun = from->overrun;
		to->si_value.sival_ptr = (void *)(intptr_t)from->value;
		break;
	case LAYOUT_POLL:
		to->si_band = from->band;
		to->si_fd = from->fd;
		break;
	case LAYOUT_CHLD:
		to->si_pid = from->pid;
		to->si_uid = from->uid;
		to->si_status = from->status;
		to->si_utime = from->utime;
		to->si_stime = from->stime;
		break;
	case LAYOUT_RT:
		to->si_pid = from->pid;
		to->si_uid = from->uid;
		to->si_value.sival_ptr = (void *)(intptr_t)from->value;
		break;
	case LAYOUT_FAULT:
		to->si_addr = (void *)(intptr_t)from->value;
		break;
	case LAYOUT_KILL:
	case LAYOUT_SYS:
		to->si_pid = from->pid;
		to->si_uid = from->uid;
		break;
	}
}

void siginfo_from_user(struct siginfo *to, const siginfo_t *from)
{
	*to = (struct siginfo){ .signo = from->si_signo, .code = from->si_code };
	switch (siginfo_layout(from->si_signo, from->si_code)) {
	case LAYOUT_TIMER:
		/* The program's own claim: no timer of it waits for this to be taken. */
		to->timerid = -1;
		to->overrun = from->si_overrun;
		to->value = (s64)(intptr_t)from->si_value.sival_ptr;
		break;
	case LAYOUT_POLL:
		to->band = from->si_band;
		to->fd = from->si_fd;
		break;
	case LAYOUT_CHLD:
		to->pid = from->si_pid;
		to->uid = from->si_uid;
		to->status = from->si_status;
		to->utime = from->si_utime;
		to->stime = from->si_stime;
		break;
	default:
		to->pid = from->si_pid;
		to->uid = from->si_uid;
		to->value = (s64)(intptr_t)from->si_value.sival_ptr;
		break;
	}
}

void siginfo_to_signalfd(struct signalfd_siginfo *to, const struct siginfo *from)
{
	memset(to, 0, sizeof(*to));
	to->ssi_signo = (u32)from->signo;
	to->ssi_code = from->code;
	switch (siginfo_layout(from->signo, from->code)) {
	case LAYOUT_TIMER:
		to->ssi_tid = (u32)from->timerid;
		to->ssi_overrun = (u32)from->overrun;
		to->ssi_ptr = (u64)from->value;
		to->ssi_int = (int)from->value;
		break;
	case LAYOUT_POLL:
		to->ssi_band = (u32)from->band;
		to->ssi_fd = from->fd;
		break;
	case LAYOUT_CHLD:
		to->ssi_pid = (u32)from->pid;
		to->ssi_uid = from->uid;
		to->ssi_status = from->status;
		to->ssi_utime = (u64)from->utime;
		to->ssi_stime = (u64)from->stime;
		break;
	case LAYOUT_RT:
		to->ssi_pid = (u32)from->pid;
		to->ssi_uid = from->uid;
		to->ssi_ptr = (u64)from->value;
		to->ssi_int = (int)from->value;
		break;
	case LAYOUT_FAULT:
		to->ssi_addr = (u64)from->value;
		break;
	case LAYOUT_KILL:
	case LAYOUT_SYS:
		to->ssi_pid = (u32)from->pid;
		to->ssi_uid = from->uid;
		break;
	}
}
