/* SPDX-License-Identifier: MIT */
/*
 * What the arguments of each call are: what the kernel copies, and how much of it, by the call's man
 * page. Calls without pointers need no row.
 */
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "sim/process/hosted_args.h"

/* A zero behind a name: the pointer may be NULL. */
#define V { VALUE, NULL_OK, 0, 0 }
#define U { USER, NULL_OK, 0, 0 }
#define S { STRING, NULL_BAD, 0, 0 }
#define S0 { STRING, NULL_OK, 0, 0 }
#define I(n) { IN, NULL_BAD, 0, n }
#define I0(n) { IN, NULL_OK, 0, n }
#define O(n) { OUT, NULL_BAD, 0, n }
#define O0(n) { OUT, NULL_OK, 0, n }
#define X(n) { INOUT, NULL_BAD, 0, n }
#define X0(n) { INOUT, NULL_OK, 0, n }
#define LEFT { TIME_LEFT, NULL_OK, 0, TS }
#define REM { OUT_EINTR, NULL_OK, 0, TS }
#define WAIT(n) { OUT_POSITIVE, NULL_OK, 0, n }
#define WR(len) { WRITE_BUF, NULL_ASK, len, 0 }
#define SND(len) { SEND_BUF, NULL_ASK, len, 0 }
#define RD(cap) { READ_BUF, NULL_ASK, cap, 0 }
#define RCV(cap, flags) { RECV_BUF, NULL_ASK, cap, flags }
#define ZI(len, n) { SIZED_IN, NULL_BAD, len, n }
#define ZO(len, n) { SIZED_OUT, NULL_BAD, len, n }
#define AI(count, n) { ARRAY_IN, NULL_ASK, count, n }
#define AO(count, n) { ARRAY_OUT, NULL_ASK, count, n }
#define POLL(n) { POLLFDS, NULL_ASK, n, 0 }
#define OPT(len) { OPTION_IN, NULL_ASK, len, 0 }
#define OPTO(len) { OPTION_OUT, NULL_ASK, len, 0 }
#define NAME(len) { ADDR_IN, NULL_ASK, len, 0 }
#define NAME0(len) { ADDR_IN, NULL_OK, len, 0 }
#define NAMEO(len) { ADDR_OUT, NULL_ASK, len, 0 }
#define NAMEO0(len) { ADDR_OUT, NULL_OK, len, 0 }
#define OPTLEN(of) { OPTION_LEN, NULL_ASK, of, 0 }
#define LEN(of) { LENGTH, NULL_BAD, of, 0 }
#define LEN0(of) { LENGTH, NULL_ASK, of, 0 } /* is not looked at when there is no address */
#define SET(size) { SIGSET_IN, NULL_ASK, size, 0 }
#define SET0(size) { SIGSET_IN, NULL_OK, size, 0 } /* nor is the size, then */
#define SETO(size) { SIGSET_OUT, NULL_ASK, size, 0 }
#define PAIR { SIGSET_PAIR, NULL_OK, 0, 0 }
#define FDS { FD_SET, NULL_OK, 0, 0 }
#define IOV(n) { IOVEC_IN, NULL_ASK, n, 0 }
#define IOVO(n) { IOVEC_OUT, NULL_ASK, n, 0 }
#define MSG { MSG_IN, NULL_BAD, 0, 0 }
#define MSGO(flags) { MSG_OUT, NULL_BAD, flags, 0 }
#define MMSG(n) { MMSG_IN, NULL_ASK, n, 0 }
#define MMSGO(n, flags) { MMSG_OUT, NULL_ASK, n, flags }
#define CAPH { CAP_HEADER, NULL_BAD, 0, 8 }
#define CAPI(header) { CAP_IN, NULL_BAD, header, 0 }
#define CAPO(header) { CAP_OUT, NULL_OK, header, 0 }
#define CMD { BY_COMMAND, NULL_ASK, 0, 0 }

#define TS 16	/* struct timespec, struct timeval */
#define ITS 32	/* struct itimerspec, struct itimerval */
#define RLIM 16 /* struct rlimit */
#define RU 144	/* struct rusage */
#define SI 128	/* siginfo_t */
#define SIGEV 64 /* struct sigevent */
#define TIMEX 208
#define STAT sizeof(struct stat)
#define EVENT sizeof(struct epoll_event)
#define CPUS 128 /* bytes of the kernel's largest CPU mask */

static const struct arg rows[][6] = {
	[SYS_accept] = { V, NAMEO0(2), LEN0(1) },
	[SYS_accept4] = { V, NAMEO0(2), LEN0(1), V },
	[SYS_access] = { S, V },
	[SYS_adjtimex] = { X(TIMEX) },
	[SYS_bpf] = { V, { BPF_ATTR, NULL_ASK, 2, 0 }, V },
	[SYS_bind] = { V, NAME(2), V },
	[SYS_capget] = { CAPH, CAPO(0) },
	[SYS_capset] = { CAPH, CAPI(0) },
	[SYS_chdir] = { S },
	[SYS_chmod] = { S, V },
	[SYS_chown] = { S, V, V },
	[SYS_clock_adjtime] = { V, X(TIMEX) },
	[SYS_clock_getres] = { V, O0(TS) },
	[SYS_clock_gettime] = { V, O0(TS) }, /* EINVAL for the clock comes first */
	[SYS_clock_nanosleep] = { V, V, I0(TS), REM },
	[SYS_clock_settime] = { V, I(TS) },
	[SYS_clone] = { V, U, U, U, U },
	[SYS_clone3] = { U, V },
	[SYS_connect] = { V, NAME(2), V },
	[SYS_copy_file_range] = { V, X0(8), V, X0(8), V, V },
	[SYS_creat] = { S, V },
	[SYS_epoll_ctl] = { V, V, V, { EPOLL_EVENT, NULL_OK, 1, EVENT } },
	[SYS_epoll_pwait] = { V, AO(2, EVENT), V, V, SET0(5), V },
	[SYS_epoll_pwait2] = { V, AO(2, EVENT), V, I0(TS), SET0(5), V },
	[SYS_epoll_wait] = { V, AO(2, EVENT), V, V },
	[SYS_execve] = { S, U, U },
	[SYS_execveat] = { V, S, U, U, V },
	[SYS_faccessat] = { V, S, V },
	[SYS_faccessat2] = { V, S, V, V },
	[SYS_fchmodat] = { V, S, V, V },
	[SYS_fchownat] = { V, S, V, V, V },
	[SYS_fcntl] = { V, V, CMD },
	[SYS_fstat] = { V, O(STAT) },
	[SYS_fstatfs] = { V, O(sizeof(struct statfs)) },
	[SYS_futex] = { U, V, V, U, U, V },
	[SYS_futex_waitv] = { U, V, V, U, V },
	[SYS_get_robust_list] = { V, O(8), O(8) },
	[SYS_getcpu] = { O0(4), O0(4), V },
	[SYS_getdents] = { V, RD(2), V },
	[SYS_getcwd] = { RD(1), V },
	[SYS_getdents64] = { V, RD(2), V },
	[SYS_getgroups] = { V, AO(0, 4) },
	[SYS_getitimer] = { V, O(ITS) },
	[SYS_getpeername] = { V, NAMEO(2), LEN(1) },
	[SYS_getrandom] = { RCV(1, 0), V, V },
	[SYS_getresgid] = { O(4), O(4), O(4) },
	[SYS_getresuid] = { O(4), O(4), O(4) },
	[SYS_getrlimit] = { V, O(RLIM) },
	[SYS_getrusage] = { V, O(RU) },
	[SYS_getsockname] = { V, NAMEO(2), LEN(1) },
	[SYS_getsockopt] = { V, V, V, OPTO(4), OPTLEN(3) },
	[SYS_gettimeofday] = { O0(TS), O0(8) },
	[SYS_inotify_add_watch] = { V, S, V },
	[SYS_ioctl] = { V, V, CMD },
	[SYS_lchown] = { S, V, V },
	[SYS_lstat] = { S, O(STAT) },
	[SYS_memfd_create] = { S, V },
	[SYS_mmap] = { U, V, V, V, V, V },
	[SYS_nanosleep] = { I(TS), REM },
	[SYS_newfstatat] = { V, S0, O(STAT), V },
	[SYS_open] = { S, V, V },
	[SYS_openat] = { V, S, V, V },
	[SYS_openat2] = { V, S, ZI(3, 24), V },
	[SYS_pidfd_send_signal] = { V, V, I0(SI), V },
	/* X: what cannot be written is seen before there are descriptors. */
	[SYS_pipe] = { X(8) },
	[SYS_pipe2] = { X(8), V },
	[SYS_poll] = { POLL(1), V, V },
	[SYS_ppoll] = { POLL(1), V, LEFT, SET0(4), V },
	[SYS_prctl] = { V, CMD, U, U, U },
	[SYS_pread64] = { V, RD(2), V, V },
	[SYS_preadv] = { V, IOVO(2), V, V, V },
	[SYS_preadv2] = { V, IOVO(2), V, V, V, V },
	[SYS_prlimit64] = { V, V, I0(RLIM), O0(RLIM) },
	[SYS_pselect6] = { V, FDS, FDS, FDS, LEFT, PAIR },
	[SYS_pwrite64] = { V, WR(2), V, V },
	[SYS_pwritev] = { V, IOV(2), V, V, V },
	[SYS_pwritev2] = { V, IOV(2), V, V, V, V },
	[SYS_read] = { V, RD(2), V },
	[SYS_readlink] = { S, RD(2), V },
	[SYS_readlinkat] = { V, S, RD(3), V },
	[SYS_readv] = { V, IOVO(2), V },
	[SYS_recvfrom] = { V, RCV(2, 3), V, V, NAMEO0(5), LEN0(4) },
	[SYS_recvmmsg] = { V, MMSGO(2, 3), V, V, X0(TS) },
	[SYS_recvmsg] = { V, MSGO(2), V },
	[SYS_rseq] = { U, V, V, V },
	[SYS_rt_sigaction] = { V, I0(32), U, V },
	[SYS_rt_sigpending] = { SETO(1), V },
	[SYS_rt_sigprocmask] = { V, SET(3), SETO(3), V },
	[SYS_rt_sigqueueinfo] = { V, V, I(SI) },
	[SYS_rt_sigsuspend] = { SET(1), V },
	[SYS_rt_sigtimedwait] = { SET(3), O0(SI), I0(TS), V },
	[SYS_rt_tgsigqueueinfo] = { V, V, V, I(SI) },
	[SYS_sched_getaffinity] = { V, V, RD(1) },
	[SYS_sched_getattr] = { V, ZO(2, 56), V, V },
	[SYS_sched_getparam] = { V, O(4) },
	[SYS_sched_rr_get_interval] = { V, O(TS) },
	[SYS_sched_setaffinity] = { V, V, ZI(1, CPUS) },
	[SYS_sched_setattr] = { V, I(48), V },
	[SYS_sched_setparam] = { V, I(4) },
	[SYS_sched_setscheduler] = { V, V, I(4) },
	[SYS_select] = { V, FDS, FDS, FDS, LEFT },
	[SYS_sendfile] = { V, V, X0(8), V },
	[SYS_sendmmsg] = { V, MMSG(2), V, V },
	[SYS_sendmsg] = { V, MSG, V },
	[SYS_sendto] = { V, SND(2), V, V, NAME0(5), V },
	[SYS_set_robust_list] = { U, V },
	[SYS_set_tid_address] = { U },
	[SYS_setdomainname] = { ZI(1, 64), V },
	[SYS_setgroups] = { V, AI(0, 4) },
	[SYS_sethostname] = { ZI(1, 64), V },
	[SYS_setitimer] = { V, I0(ITS), O0(ITS) },
	[SYS_setrlimit] = { V, I(RLIM) },
	[SYS_setsockopt] = { V, V, V, OPT(4), V },
	[SYS_settimeofday] = { I0(TS), I0(8) },
	[SYS_signalfd] = { V, SET(2), V },
	[SYS_signalfd4] = { V, SET(2), V, V },
	[SYS_socketpair] = { V, V, V, X(8) },
	[SYS_splice] = { V, X0(8), V, X0(8), V, V },
	[SYS_stat] = { S, O(STAT) },
	[SYS_statx] = { V, S0, V, V, O(256) },
	[SYS_sysinfo] = { O(112) },
	[SYS_time] = { O0(8) },
	[SYS_timer_create] = { V, I0(SIGEV), O(4) },
	[SYS_timer_gettime] = { V, O(ITS) },
	[SYS_timer_settime] = { V, V, I0(ITS), O0(ITS) },
	[SYS_timerfd_gettime] = { V, O(ITS) },
	[SYS_timerfd_settime] = { V, V, I(ITS), O0(ITS) },
	[SYS_times] = { O0(32) },
	[SYS_uname] = { O(sizeof(struct utsname)) },
	[SYS_unlink] = { S },
	[SYS_unlinkat] = { V, S, V },
	[SYS_vmsplice] = { V, { IOVEC_PIPE, NULL_ASK, 2, 0 }, V, V },
	[SYS_wait4] = { V, WAIT(4), V, WAIT(RU) },
	[SYS_waitid] = { V, V, { OUT_WAITID, NULL_OK, 0, SI }, V, X0(RU) },
	[SYS_write] = { V, WR(2), V },
	[SYS_writev] = { V, IOV(2), V },
};

const struct arg *hosted_args_row(int nr)
{
	return nr >= 0 && nr < (int)ARRAY_SIZE(rows) ? rows[nr] : NULL;
}
