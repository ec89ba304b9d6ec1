/* SPDX-License-Identifier: MIT */
/*
 * From call numbers (x86-64, asm/unistd_64.h) to the typed functions of syscalls.h. One row for
 * each call; the letters of args say how syscall_format.c prints the arguments.
 */
#include "stack/syscall_table.h"

#include <sys/syscall.h>

#include "sim/host/process.h"
#include "stack/syscall_priv.h"

#define P(i) ((void *)(uintptr_t)a[i])
/* Unpacks the argument words of one call. */
#define WORDS(name, ...)                                                                           \
	static s64 do_##name(struct task *t, const s64 *a)                                         \
	{                                                                                          \
		return __VA_ARGS__;                                                                \
	}

/* The sixth argument of pselect6 points to a pair of pointer and size. */
static const struct sigset *sigset_arg(s64 arg)
{
	const u64 *pair = (const u64 *)(uintptr_t)arg;

	return pair ? (const struct sigset *)(uintptr_t)pair[0] : NULL;
}

WORDS(read, sys_read(t, (int)a[0], P(1), (size_t)a[2]))
WORDS(write, sys_write(t, (int)a[0], P(1), (size_t)a[2]))
WORDS(close, sys_close(t, (int)a[0]))
WORDS(fstat, sys_fstat(t, (int)a[0], P(1)))
WORDS(poll, sys_poll(t, P(0), (unsigned)a[1], (int)a[2]))
WORDS(lseek, sys_lseek(t, (int)a[0], a[1], (int)a[2]))
WORDS(rt_sigaction, sys_rt_sigaction(t, (int)a[0], P(1), P(2)))
WORDS(rt_sigprocmask, sys_rt_sigprocmask(t, (int)a[0], P(1), P(2)))
WORDS(rt_sigreturn, sys_rt_sigreturn(t))
WORDS(ioctl, sys_ioctl(t, (int)a[0], (unsigned)a[1], P(2)))
WORDS(pread64, sys_pread64(t, (int)a[0], P(1), (size_t)a[2], a[3]))
WORDS(pwrite64, sys_pwrite64(t, (int)a[0], P(1), (size_t)a[2], a[3]))
WORDS(readv, sys_readv(t, (int)a[0], P(1), (int)a[2]))
WORDS(writev, sys_writev(t, (int)a[0], P(1), (int)a[2]))
WORDS(select, sys_select(t, (int)a[0], P(1), P(2), P(3), P(4)))
WORDS(sched_yield, sys_sched_yield(t))
WORDS(dup, sys_dup(t, (int)a[0]))
WORDS(dup2, sys_dup2(t, (int)a[0], (int)a[1]))
WORDS(pause, sys_pause(t))
WORDS(nanosleep, sys_nanosleep(t, P(0), P(1)))
WORDS(alarm, sys_alarm(t, (unsigned)a[0]))
WORDS(setitimer, sys_setitimer(t, (int)a[0], P(1), P(2)))
WORDS(getpid, sys_getpid(t))
WORDS(sendfile, sys_sendfile(t, (int)a[0], (int)a[1], P(2), (size_t)a[3]))
WORDS(socket, sys_socket(t, (int)a[0], (int)a[1], (int)a[2]))
WORDS(connect, sys_connect(t, (int)a[0], P(1), (socklen_t)a[2]))
WORDS(accept, sys_accept4(t, (int)a[0], P(1), P(2), 0))
WORDS(sendto, sys_sendto(t, (int)a[0], P(1), (size_t)a[2], (int)a[3], P(4), (socklen_t)a[5]))
WORDS(recvfrom, sys_recvfrom(t, (int)a[0], P(1), (size_t)a[2], (int)a[3], P(4), P(5)))
WORDS(sendmsg, sys_sendmsg(t, (int)a[0], P(1), (int)a[2]))
WORDS(recvmsg, sys_recvmsg(t, (int)a[0], P(1), (int)a[2]))
WORDS(shutdown, sys_shutdown(t, (int)a[0], (int)a[1]))
WORDS(bind, sys_bind(t, (int)a[0], P(1), (socklen_t)a[2]))
WORDS(listen, sys_listen(t, (int)a[0], (int)a[1]))
WORDS(getsockname, sys_getsockname(t, (int)a[0], P(1), P(2)))
WORDS(getpeername, sys_getpeername(t, (int)a[0], P(1), P(2)))
WORDS(socketpair, sys_socketpair(t, (int)a[0], (int)a[1], (int)a[2], P(3)))
WORDS(setsockopt, sys_setsockopt(t, (int)a[0], (int)a[1], (int)a[2], P(3), (socklen_t)a[4]))
WORDS(getsockopt, sys_getsockopt(t, (int)a[0], (int)a[1], (int)a[2], P(3), P(4)))
WORDS(exit, sys_exit(t, (int)a[0]))
WORDS(wait4, sys_wait4(t, (int)a[0], P(1), (int)a[2], P(3)))
WORDS(kill, sys_kill(t, (int)a[0], (int)a[1]))
WORDS(unlink, sys_unlink(t, P(0)))
WORDS(uname, sys_uname(t, P(0)))
WORDS(fcntl, sys_fcntl(t, (int)a[0], (int)a[1], a[2]))
WORDS(ftruncate, sys_ftruncate(t, (int)a[0], a[1]))
WORDS(gettimeofday, sys_gettimeofday(t, P(0), P(1)))
WORDS(getrlimit, sys_getrlimit(t, (int)a[0], P(1)))
WORDS(getppid, sys_getppid(t))
WORDS(setpgid, sys_setpgid(t, (int)a[0], (int)a[1]))
WORDS(getpgid, sys_getpgid(t, (int)a[0]))
WORDS(rt_sigpending, sys_rt_sigpending(t, P(0)))
WORDS(rt_sigtimedwait, sys_rt_sigtimedwait(t, P(0), P(1), P(2)))
WORDS(rt_sigsuspend, sys_rt_sigsuspend(t, P(0)))
WORDS(setrlimit, sys_setrlimit(t, (int)a[0], P(1)))
WORDS(gettid, sys_gettid(t))
WORDS(tkill, sys_tkill(t, (int)a[0], (int)a[1]))
WORDS(sched_setaffinity, sys_sched_setaffinity(t, (int)a[0], (size_t)a[1], P(2)))
WORDS(sched_getaffinity, sys_sched_getaffinity(t, (int)a[0], (size_t)a[1], P(2)))
WORDS(clock_gettime, sys_clock_gettime(t, (int)a[0], P(1)))
WORDS(clock_getres, sys_clock_getres(t, (int)a[0], P(1)))
WORDS(clock_nanosleep, sys_clock_nanosleep(t, (int)a[0], (int)a[1], P(2), P(3)))
WORDS(exit_group, sys_exit_group(t, (int)a[0]))
WORDS(epoll_wait, sys_epoll_wait(t, (int)a[0], P(1), (int)a[2], (int)a[3]))
WORDS(epoll_ctl, sys_epoll_ctl(t, (int)a[0], (int)a[1], (int)a[2], P(3)))
WORDS(tgkill, sys_tgkill(t, (int)a[0], (int)a[1], (int)a[2]))
WORDS(pselect6, sys_pselect6(t, (int)a[0], P(1), P(2), P(3), P(4), sigset_arg(a[5])))
WORDS(ppoll, sys_ppoll(t, P(0), (unsigned)a[1], P(2), P(3)))
WORDS(epoll_pwait, sys_epoll_pwait(t, (int)a[0], P(1), (int)a[2], (int)a[3], P(4)))
WORDS(timerfd_create, sys_timerfd_create(t, (int)a[0], (int)a[1]))
WORDS(timerfd_settime, sys_timerfd_settime(t, (int)a[0], (int)a[1], P(2), P(3)))
WORDS(timerfd_gettime, sys_timerfd_gettime(t, (int)a[0], P(1)))
WORDS(accept4, sys_accept4(t, (int)a[0], P(1), P(2), (int)a[3]))
WORDS(eventfd2, sys_eventfd2(t, (unsigned)a[0], (int)a[1]))
WORDS(epoll_create1, sys_epoll_create1(t, (int)a[0]))
WORDS(dup3, sys_dup3(t, (int)a[0], (int)a[1], (int)a[2]))
WORDS(pipe2, sys_pipe2(t, P(0), (int)a[1]))
WORDS(recvmmsg, sys_recvmmsg(t, (int)a[0], P(1), (unsigned)a[2], (int)a[3], P(4)))
WORDS(sendmmsg, sys_sendmmsg(t, (int)a[0], P(1), (unsigned)a[2], (int)a[3]))
WORDS(fadvise64, sys_fadvise64(t, (int)a[0], a[1], a[2], (int)a[3]))
WORDS(fallocate, sys_fallocate(t, (int)a[0], (int)a[1], a[2], a[3]))
WORDS(fchmod, sys_fchmod(t, (int)a[0], (u32)a[1]))
WORDS(fdatasync, sys_fsync(t, (int)a[0]))
WORDS(fstatfs, sys_fstatfs(t, (int)a[0], P(1)))
WORDS(fsync, sys_fsync(t, (int)a[0]))
WORDS(getdents64, sys_getdents64(t, (int)a[0], P(1), (size_t)a[2]))
WORDS(getcpu, sys_getcpu(t, P(0), P(1)))
WORDS(getrandom, sys_getrandom(t, P(0), (size_t)a[1], (unsigned)a[2]))
WORDS(memfd_create, sys_memfd_create(t, P(0), (unsigned)a[1]))
WORDS(close_range, sys_close_range(t, (unsigned)a[0], (unsigned)a[1], (unsigned)a[2]))
WORDS(epoll_pwait2, sys_epoll_pwait2(t, (int)a[0], P(1), (int)a[2], P(3), P(4)))
WORDS(eventfd, sys_eventfd2(t, (unsigned)a[0], 0))
WORDS(pipe, sys_pipe2(t, P(0), 0))
WORDS(epoll_create, (int)a[0] <= 0 ? -EINVAL : sys_epoll_create1(t, 0))
WORDS(getpgrp, sys_getpgid(t, 0))
WORDS(getuid, process_cred(t->proc).ruid)
WORDS(geteuid, t->proc->uid)
WORDS(getgid, process_cred(t->proc).rgid)
WORDS(getegid, t->proc->gid)
WORDS(prlimit64, sys_prlimit64(t, (int)a[0], (int)a[1], P(2), P(3)))
WORDS(waitid, sys_waitid(t, (int)a[0], (int)a[1], P(2), (int)a[3], P(4)))
WORDS(getsid, sys_getsid(t, (int)a[0]))
WORDS(setsid, sys_setsid(t))
WORDS(getrusage, sys_getrusage(t, (int)a[0], P(1)))
WORDS(times, sys_times(t, P(0)))
WORDS(rt_sigqueueinfo, sys_rt_sigqueueinfo(t, (int)a[0], (int)a[1], P(2)))
WORDS(rt_tgsigqueueinfo, sys_rt_tgsigqueueinfo(t, (int)a[0], (int)a[1], (int)a[2], P(3)))
WORDS(signalfd, sys_signalfd4(t, (int)a[0], P(1), 0))
WORDS(signalfd4, sys_signalfd4(t, (int)a[0], P(1), (int)a[3]))
WORDS(pidfd_open, sys_pidfd_open(t, (int)a[0], (unsigned)a[1]))
WORDS(pidfd_send_signal,
      sys_pidfd_send_signal(t, (int)a[0], (int)a[1], P(2), (unsigned)a[3]))
WORDS(pidfd_getfd, sys_pidfd_getfd(t, (int)a[0], (int)a[1], (unsigned)a[2]))
WORDS(prctl, sys_prctl(t, (int)a[0], a[1], a[2], a[3], a[4]))
WORDS(getitimer, sys_getitimer(t, (int)a[0], P(1)))
WORDS(timer_create, sys_timer_create(t, (int)a[0], P(1), P(2)))
WORDS(timer_settime, sys_timer_settime(t, (int)a[0], (int)a[1], P(2), P(3)))
WORDS(timer_gettime, sys_timer_gettime(t, (int)a[0], P(1)))
WORDS(timer_getoverrun, sys_timer_getoverrun(t, (int)a[0]))
WORDS(timer_delete, sys_timer_delete(t, (int)a[0]))
WORDS(clock_settime, sys_clock_settime(t, (int)a[0], P(1)))
WORDS(settimeofday, sys_settimeofday(t, P(0), P(1)))
WORDS(time, sys_time(t, P(0)))
WORDS(preadv, sys_preadv(t, (int)a[0], P(1), (size_t)a[2], a[3]))
WORDS(pwritev, sys_pwritev(t, (int)a[0], P(1), (size_t)a[2], a[3]))
WORDS(preadv2, sys_preadv2(t, (int)a[0], P(1), (size_t)a[2], a[3], (int)a[5]))
WORDS(pwritev2, sys_pwritev2(t, (int)a[0], P(1), (size_t)a[2], a[3], (int)a[5]))
WORDS(splice, sys_splice(t, (int)a[0], P(1), (int)a[2], P(3), (size_t)a[4], (unsigned)a[5]))
WORDS(tee, sys_tee(t, (int)a[0], (int)a[1], (size_t)a[2], (unsigned)a[3]))
WORDS(vmsplice, sys_vmsplice(t, (int)a[0], P(1), (size_t)a[2], (unsigned)a[3]))
WORDS(copy_file_range,
      sys_copy_file_range(t, (int)a[0], P(1), (int)a[2], P(3), (size_t)a[4], (unsigned)a[5]))
WORDS(setuid, sys_setuid(t, (u32)a[0]))
WORDS(setreuid, sys_setreuid(t, (u32)a[0], (u32)a[1]))
WORDS(setresuid, sys_setresuid(t, (u32)a[0], (u32)a[1], (u32)a[2]))
WORDS(getresuid, sys_getresuid(t, P(0), P(1), P(2)))
WORDS(setfsuid, sys_setfsuid(t, (u32)a[0]))
WORDS(setgid, sys_setgid(t, (u32)a[0]))
WORDS(setregid, sys_setregid(t, (u32)a[0], (u32)a[1]))
WORDS(setresgid, sys_setresgid(t, (u32)a[0], (u32)a[1], (u32)a[2]))
WORDS(getresgid, sys_getresgid(t, P(0), P(1), P(2)))
WORDS(setfsgid, sys_setfsgid(t, (u32)a[0]))
WORDS(getgroups, sys_getgroups(t, (int)a[0], P(1)))
WORDS(setgroups, sys_setgroups(t, (size_t)(u32)a[0], P(1)))
WORDS(capget, sys_capget(t, P(0), P(1)))
WORDS(capset, sys_capset(t, P(0), P(1)))
WORDS(sched_setscheduler, sys_sched_setscheduler(t, (int)a[0], (int)a[1], P(2)))
WORDS(sched_getscheduler, sys_sched_getscheduler(t, (int)a[0]))
WORDS(sched_setparam, sys_sched_setparam(t, (int)a[0], P(1)))
WORDS(sched_getparam, sys_sched_getparam(t, (int)a[0], P(1)))
WORDS(sched_get_priority_max, sys_sched_get_priority_max(t, (int)a[0]))
WORDS(sched_get_priority_min, sys_sched_get_priority_min(t, (int)a[0]))
WORDS(sched_rr_get_interval, sys_sched_rr_get_interval(t, (int)a[0], P(1)))
WORDS(getpriority, sys_getpriority(t, (int)a[0], (int)a[1]))
WORDS(setpriority, sys_setpriority(t, (int)a[0], (int)a[1], (int)a[2]))
WORDS(ioprio_get, sys_ioprio_get(t, (int)a[0], (int)a[1]))
WORDS(sysinfo, sys_sysinfo(t, P(0)))
WORDS(personality, sys_personality(t, (unsigned)a[0]))
WORDS(membarrier, sys_membarrier(t, (int)a[0], (unsigned)a[1]))
WORDS(bpf, sys_bpf(t, (int)a[0], P(1), (u32)a[2]))
WORDS(spawn, sys_spawn(t, P(0)))

#define CALL(name, args, ...) [SYS_##name] = { #name, args, do_##name, __VA_ARGS__ }
/* Carried out by program_ops.call of those programs that can make them; ENOSYS for others. */
#define PROGRAM_CALL(name, args) [SYS_##name] = { #name, args, NULL, false }

static const struct syscall_entry calls[] = {
	CALL(accept, "fAl", true),
	CALL(accept4, "fAlk", true),
	CALL(alarm, "u", false),
	CALL(bind, "fau", true),
	CALL(bpf, "dpu", false),
	CALL(capget, "pp", false),
	CALL(capset, "pp", false),
	CALL(clock_getres, "dT", false),
	CALL(clock_gettime, "dT", false),
	CALL(clock_nanosleep, "ddtZ", false),
	CALL(clock_settime, "dt", false),
	PROGRAM_CALL(clone, "xpppp"),
	PROGRAM_CALL(clone3, "pu"),
	CALL(close, "f", false),
	CALL(close_range, "uux", false),
	CALL(connect, "fau", true),
	CALL(copy_file_range, "fpfpux", false),
	PROGRAM_CALL(creat, "Sx"),
	CALL(dup, "f", false),
	CALL(dup2, "fd", false),
	CALL(dup3, "fdX", false),
	CALL(epoll_create, "d", false),
	CALL(epoll_create1, "X", false),
	CALL(epoll_ctl, "fCfe", false),
	CALL(epoll_pwait, "fEdds", false),
	CALL(epoll_pwait2, "fEdts", false),
	CALL(epoll_wait, "fEdd", false),
	CALL(eventfd, "u", false),
	CALL(eventfd2, "uX", false),
	PROGRAM_CALL(execve, "Spp"),
	PROGRAM_CALL(execveat, "dSppx"),
	CALL(exit, "d", false),
	CALL(exit_group, "d", false),
	CALL(fadvise64, "fddd", false),
	CALL(fallocate, "fddd", false),
	CALL(fchmod, "fx", false),
	CALL(fcntl, "fdc", false),
	CALL(fdatasync, "f", false),
	PROGRAM_CALL(fork, ""),
	CALL(fstat, "fp", false),
	CALL(fstatfs, "fp", false),
	CALL(fsync, "f", false),
	CALL(ftruncate, "fd", false),
	PROGRAM_CALL(futex, "pUdpp"),
	CALL(getcpu, "pp", false),
	CALL(getdents64, "fpu", false),
	CALL(getegid, "", false),
	CALL(geteuid, "", false),
	CALL(getgid, "", false),
	CALL(getgroups, "dp", false),
	CALL(getitimer, "dp", false),
	CALL(getpeername, "fAl", true),
	CALL(getpgid, "d", false),
	CALL(getpgrp, "", false),
	CALL(getpid, "", false),
	CALL(getppid, "", false),
	CALL(getpriority, "dd", false),
	CALL(getrandom, "pux", false),
	CALL(getresgid, "III", false),
	CALL(getresuid, "III", false),
	CALL(getrlimit, "dp", false),
	CALL(getrusage, "dp", false),
	CALL(getsid, "d", false),
	CALL(getsockname, "fAl", true),
	CALL(getsockopt, "fLOQl", true),
	CALL(gettid, "", false),
	CALL(gettimeofday, "pp", false),
	CALL(getuid, "", false),
	CALL(ioctl, "fxp", false),
	CALL(ioprio_get, "dd", false),
	CALL(kill, "dg", false),
	CALL(listen, "fd", true),
	CALL(lseek, "fdd", false),
	CALL(membarrier, "dxd", false),
	CALL(memfd_create, "Sx", false),
	PROGRAM_CALL(mmap, "puxxfu"),
	CALL(nanosleep, "tZ", false),
	PROGRAM_CALL(newfstatat, "dSpx"),
	PROGRAM_CALL(open, "SR"),
	PROGRAM_CALL(openat, "dSR"),
	CALL(pause, "", false),
	CALL(personality, "x", false),
	CALL(pidfd_getfd, "ffx", false),
	CALL(pidfd_open, "dx", false),
	CALL(pidfd_send_signal, "fgpx", false),
	CALL(pipe, "i", false),
	CALL(pipe2, "iX", false),
	CALL(poll, "Wud", false),
	CALL(ppoll, "Wuts", false),
	CALL(prctl, "dpppp", false),
	CALL(pread64, "fBud", false),
	CALL(preadv, "fVud", false),
	CALL(preadv2, "fVuddx", false),
	CALL(prlimit64, "ddpp", false),
	CALL(pselect6, "dppptp", false),
	CALL(pwrite64, "fbud", false),
	CALL(pwritev, "fvud", false),
	CALL(pwritev2, "fvuddx", false),
	CALL(read, "fBu", false),
	CALL(readv, "fVd", false),
	CALL(recvfrom, "fBumAl", true),
	CALL(recvmmsg, "fpumt", true),
	CALL(recvmsg, "fHm", true),
	CALL(rt_sigaction, "gpp", false),
	CALL(rt_sigpending, "s", false),
	CALL(rt_sigprocmask, "dss", false),
	CALL(rt_sigqueueinfo, "dgp", false),
	CALL(rt_sigreturn, "", false),
	CALL(rt_sigsuspend, "s", false),
	CALL(rt_sigtimedwait, "spt", false),
	CALL(rt_tgsigqueueinfo, "ddgp", false),
	CALL(sched_get_priority_max, "d", false),
	CALL(sched_get_priority_min, "d", false),
	CALL(sched_getaffinity, "dup", false),
	CALL(sched_getparam, "dp", false),
	CALL(sched_getscheduler, "d", false),
	CALL(sched_rr_get_interval, "dT", false),
	CALL(sched_setaffinity, "dup", false),
	CALL(sched_setparam, "dp", false),
	CALL(sched_setscheduler, "ddp", false),
	CALL(sched_yield, "", false),
	CALL(select, "dpppp", false),
	CALL(sendfile, "ffpu", true),
	CALL(sendmmsg, "fpum", true),
	CALL(sendmsg, "fhm", true),
	CALL(sendto, "fbumau", true),
	CALL(setfsgid, "d", false),
	CALL(setfsuid, "d", false),
	CALL(setgid, "d", false),
	CALL(setgroups, "up", false),
	CALL(setitimer, "dpp", false),
	CALL(setpgid, "dd", false),
	CALL(setpriority, "ddd", false),
	CALL(setregid, "dd", false),
	CALL(setresgid, "ddd", false),
	CALL(setresuid, "ddd", false),
	CALL(setreuid, "dd", false),
	CALL(setrlimit, "dp", false),
	CALL(setsid, "", false),
	CALL(setsockopt, "fLOou", true),
	CALL(settimeofday, "pp", false),
	CALL(setuid, "d", false),
	CALL(shutdown, "fd", true),
	CALL(signalfd, "fsu", false),
	CALL(signalfd4, "fsuX", false),
	CALL(socket, "FKP", true),
	CALL(socketpair, "FKPi", true),
	CALL(splice, "fpfpux", false),
	CALL(sysinfo, "p", false),
	CALL(tee, "ffux", false),
	CALL(tgkill, "ddg", false),
	CALL(time, "p", false),
	CALL(timer_create, "dpI", false),
	CALL(timer_delete, "d", false),
	CALL(timer_getoverrun, "d", false),
	CALL(timer_gettime, "dp", false),
	CALL(timer_settime, "dxpp", false),
	CALL(timerfd_create, "dx", false),
	CALL(timerfd_gettime, "fp", false),
	CALL(timerfd_settime, "fxpp", false),
	CALL(times, "p", false),
	CALL(tkill, "dg", false),
	PROGRAM_CALL(umask, "x"),
	CALL(uname, "p", false),
	CALL(unlink, "S", false),
	PROGRAM_CALL(vfork, ""),
	CALL(vmsplice, "fvux", false),
	CALL(wait4, "dIdp", false),
	CALL(waitid, "ddpdp", false),
	CALL(write, "fbu", false),
	CALL(writev, "fvd", false),
};

/* Requests that are no system calls; CALL_COMPUTE and CALL_LOG are the driver's own (syscall.c). */
static const struct syscall_entry pseudo_calls[] = {
	[0] = { "compute", "d", NULL, false },
	[CALL_LOG - CALL_COMPUTE] = { "log", "d", NULL, false },
	[CALL_SPAWN - CALL_COMPUTE] = { "spawn", "", do_spawn, false },
	[CALL_YIELD - CALL_COMPUTE] = { "yield", "", do_sched_yield, false },
	[CALL_FAULT - CALL_COMPUTE] = { "fault", "g", NULL, false },
};

const struct syscall_entry *syscall_entry(int nr)
{
	const struct syscall_entry *e = NULL;

	if (nr >= 0 && nr < (int)ARRAY_SIZE(calls))
		e = &calls[nr];
	else if (nr >= CALL_COMPUTE && nr < CALL_COMPUTE + (int)ARRAY_SIZE(pseudo_calls))
		e = &pseudo_calls[nr - CALL_COMPUTE];
	return e && e->name ? e : NULL;
}

const char *syscall_name(int nr)
{
	const struct syscall_entry *e = syscall_entry(nr);

	return e ? e->name : NULL;
}

bool syscall_is_socket(int nr)
{
	const struct syscall_entry *e = syscall_entry(nr);

	return e && e->socket;
}

s64 syscall_dispatch(struct task *t, const struct syscall_req *req)
{
	const struct syscall_entry *e = syscall_entry(req->nr);
	struct utask *u = task_utask(t);
	s64 result;

	if (u->prog->call && u->prog->call(u, req, &result))
		return result;
	return e && e->fn ? e->fn(t, req->a) : -ENOSYS;
}
