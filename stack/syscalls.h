/* SPDX-License-Identifier: MIT */
/*
 * The system calls as typed functions, with Linux's arguments in Linux's order and structures.
 *
 * Each returns a result >= 0 or a negative errno, or -EPARK when t waits and the call is to be made
 * again (syscall.h). Pointers are simulator memory. Where a call takes a signal set, it is the
 * kernel's of 8 bytes (struct sigset), without a size argument.
 */
#ifndef STACK_SYSCALLS_H
#define STACK_SYSCALLS_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/utsname.h>

#include "stack/syscall.h"

struct mmsghdr;
struct process_limit;
struct sched_param;
struct sysinfo;
struct tms;
struct __user_cap_data_struct;
struct __user_cap_header_struct;
struct stat;
struct statfs;

/* ---- sockets: net_syscalls.c, msg_syscalls.c ------------------------------------------------- */
s64 sys_socket(struct task *t, int family, int type, int protocol);
s64 sys_socketpair(struct task *t, int family, int type, int protocol, int fds[2]);
s64 sys_bind(struct task *t, int fd, const struct sockaddr *sa, socklen_t len);
s64 sys_listen(struct task *t, int fd, int backlog);
s64 sys_accept4(struct task *t, int fd, struct sockaddr *sa, socklen_t *len, int flags);
s64 sys_connect(struct task *t, int fd, const struct sockaddr *sa, socklen_t len);
s64 sys_getsockname(struct task *t, int fd, struct sockaddr *sa, socklen_t *len);
s64 sys_getpeername(struct task *t, int fd, struct sockaddr *sa, socklen_t *len);
s64 sys_shutdown(struct task *t, int fd, int how);
s64 sys_bpf(struct task *t, int cmd, const void *attr, u32 size);
s64 sys_setsockopt(struct task *t, int fd, int level, int name, const void *val, socklen_t len);
s64 sys_getsockopt(struct task *t, int fd, int level, int name, void *val, socklen_t *len);
s64 sys_sendto(struct task *t, int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *sa, socklen_t salen);
s64 sys_recvfrom(struct task *t, int fd, void *buf, size_t len, int flags, struct sockaddr *sa,
		 socklen_t *salen);
s64 sys_sendmsg(struct task *t, int fd, const struct msghdr *msg, int flags);
s64 sys_recvmsg(struct task *t, int fd, struct msghdr *msg, int flags);
s64 sys_sendmmsg(struct task *t, int fd, struct mmsghdr *vec, unsigned vlen, int flags);
s64 sys_recvmmsg(struct task *t, int fd, struct mmsghdr *vec, unsigned vlen, int flags,
		 const struct timespec *timeout);

/* ---- reading and writing: rw_syscalls.c ------------------------------------------------------ */
s64 sys_read(struct task *t, int fd, void *buf, size_t len);
s64 sys_write(struct task *t, int fd, const void *buf, size_t len);
s64 sys_readv(struct task *t, int fd, const struct iovec *iov, int count);
s64 sys_writev(struct task *t, int fd, const struct iovec *iov, int count);
s64 sys_pread64(struct task *t, int fd, void *buf, size_t len, s64 off);
s64 sys_pwrite64(struct task *t, int fd, const void *buf, size_t len, s64 off);
s64 sys_preadv(struct task *t, int fd, const struct iovec *iov, size_t count, s64 off);
s64 sys_pwritev(struct task *t, int fd, const struct iovec *iov, size_t count, s64 off);
s64 sys_preadv2(struct task *t, int fd, const struct iovec *iov, size_t count, s64 off, int flags);
s64 sys_pwritev2(struct task *t, int fd, const struct iovec *iov, size_t count, s64 off, int flags);
s64 sys_splice(struct task *t, int fd_in, s64 *off_in, int fd_out, s64 *off_out, size_t len,
	       unsigned flags);
s64 sys_tee(struct task *t, int fd_in, int fd_out, size_t len, unsigned flags);
s64 sys_vmsplice(struct task *t, int fd, const struct iovec *iov, size_t count, unsigned flags);
s64 sys_copy_file_range(struct task *t, int fd_in, s64 *off_in, int fd_out, s64 *off_out,
			size_t len, unsigned flags);
s64 sys_sendfile(struct task *t, int out_fd, int in_fd, s64 *off, size_t count);
s64 sys_lseek(struct task *t, int fd, s64 off, int whence);
s64 sys_ftruncate(struct task *t, int fd, s64 len);
s64 sys_fstat(struct task *t, int fd, struct stat *st);
/* Of virtual directories (procfs.h), and of any file: file_syscalls.c. */
s64 sys_getdents64(struct task *t, int fd, void *buf, size_t len);
s64 sys_fstatfs(struct task *t, int fd, struct statfs *buf);
s64 sys_fsync(struct task *t, int fd);
s64 sys_fadvise64(struct task *t, int fd, s64 off, s64 len, int advice);
s64 sys_fallocate(struct task *t, int fd, int mode, s64 off, s64 len);
s64 sys_fchmod(struct task *t, int fd, u32 mode);

/* ---- descriptors: fd_syscalls.c -------------------------------------------------------------- */
s64 sys_close(struct task *t, int fd);
s64 sys_close_range(struct task *t, unsigned first, unsigned last, unsigned flags);
s64 sys_dup(struct task *t, int fd);
s64 sys_dup2(struct task *t, int fd, int newfd);
s64 sys_dup3(struct task *t, int fd, int newfd, int flags);
s64 sys_fcntl(struct task *t, int fd, int cmd, s64 arg);
s64 sys_ioctl(struct task *t, int fd, unsigned cmd, void *arg);

/* ---- waiting for events: poll.c, select.c, eventpoll.c --------------------------------------- */
s64 sys_poll(struct task *t, struct pollfd *fds, unsigned nfds, int timeout_ms);
s64 sys_ppoll(struct task *t, struct pollfd *fds, unsigned nfds, struct timespec *timeout,
	      const struct sigset *mask);
s64 sys_select(struct task *t, int n, fd_set *in, fd_set *out, fd_set *ex, struct timeval *timeout);
s64 sys_pselect6(struct task *t, int n, fd_set *in, fd_set *out, fd_set *ex,
		 struct timespec *timeout, const struct sigset *mask);
s64 sys_epoll_create1(struct task *t, int flags);
s64 sys_epoll_ctl(struct task *t, int epfd, int op, int fd, struct epoll_event *ev);
s64 sys_epoll_wait(struct task *t, int epfd, struct epoll_event *ev, int max, int timeout_ms);
s64 sys_epoll_pwait(struct task *t, int epfd, struct epoll_event *ev, int max, int timeout_ms,
		    const struct sigset *mask);
s64 sys_epoll_pwait2(struct task *t, int epfd, struct epoll_event *ev, int max,
		     const struct timespec *timeout, const struct sigset *mask);

/* ---- files that are no sockets: pipe.c, eventfd.c, timerfd.c, memfile.c ---------------------- */
s64 sys_pipe2(struct task *t, int fds[2], int flags);
s64 sys_eventfd2(struct task *t, unsigned initval, int flags);
s64 sys_timerfd_create(struct task *t, int clock, int flags);
s64 sys_timerfd_settime(struct task *t, int fd, int flags, const struct itimerspec *new_value,
			struct itimerspec *old_value);
s64 sys_timerfd_gettime(struct task *t, int fd, struct itimerspec *value);
/* Of the names in the file system only those of sockets exist; unix_name.c. */
s64 sys_unlink(struct task *t, const char *path);
s64 sys_memfd_create(struct task *t, const char *name, unsigned flags);
/* An anonymous file with this content, for files that a scenario gives a program. A descriptor. */
s64 memfile_open(struct task *t, const void *content, size_t len, int flags);

/* ---- signals: signal_syscalls.c -------------------------------------------------------------- */

/* struct kernel_sigaction of x86-64. handler: 0 SIG_DFL, 1 SIG_IGN, else the program's own name. */
struct ksigaction {
	u64 handler;
	u64 flags;
	u64 restorer;
	struct sigset mask;
};
s64 sys_rt_sigaction(struct task *t, int signo, const struct ksigaction *act,
		     struct ksigaction *old);
s64 sys_rt_sigprocmask(struct task *t, int how, const struct sigset *set, struct sigset *old);
s64 sys_rt_sigpending(struct task *t, struct sigset *set);
s64 sys_rt_sigsuspend(struct task *t, const struct sigset *mask);
s64 sys_rt_sigtimedwait(struct task *t, const struct sigset *set, siginfo_t *info,
			const struct timespec *timeout);
/* A handler has returned; see program_ops.handle_signal. */
s64 sys_rt_sigreturn(struct task *t);
s64 sys_pause(struct task *t);
s64 sys_kill(struct task *t, int pid, int signo);
s64 sys_tkill(struct task *t, int tid, int signo);
s64 sys_tgkill(struct task *t, int pid, int tid, int signo);
s64 sys_rt_sigqueueinfo(struct task *t, int pid, int signo, const siginfo_t *info);
s64 sys_rt_tgsigqueueinfo(struct task *t, int pid, int tid, int signo, const siginfo_t *info);
s64 sys_signalfd4(struct task *t, int fd, const struct sigset *mask, int flags);
s64 sys_pidfd_open(struct task *t, int pid, unsigned flags);
s64 sys_pidfd_send_signal(struct task *t, int pidfd, int signo, const siginfo_t *info,
			  unsigned flags);
s64 sys_pidfd_getfd(struct task *t, int pidfd, int target, unsigned flags);
s64 sys_alarm(struct task *t, unsigned seconds);
s64 sys_setitimer(struct task *t, int which, const struct itimerval *new_value,
		  struct itimerval *old_value);
s64 sys_getitimer(struct task *t, int which, struct itimerval *value);

/* ---- tasks, time: task_syscalls.c, time_syscalls.c ------------------------------------------- */
s64 sys_exit(struct task *t, int status);
s64 sys_exit_group(struct task *t, int status);
s64 sys_spawn(struct task *t, struct spawn_req *req);
/* wait_syscalls.c */
s64 sys_waitid(struct task *t, int type, int id, siginfo_t *info, int options, struct rusage *ru);
s64 sys_wait4(struct task *t, int pid, int *status, int options, struct rusage *ru);
s64 sys_getpid(struct task *t);
s64 sys_gettid(struct task *t);
s64 sys_getppid(struct task *t);
/* cred_syscalls.c, cap_syscalls.c: ids are -1 where they stay */
s64 sys_setuid(struct task *t, u32 uid);
s64 sys_setreuid(struct task *t, u32 ruid, u32 euid);
s64 sys_setresuid(struct task *t, u32 ruid, u32 euid, u32 suid);
s64 sys_getresuid(struct task *t, u32 *ruid, u32 *euid, u32 *suid);
s64 sys_setfsuid(struct task *t, u32 uid);
s64 sys_setgid(struct task *t, u32 gid);
s64 sys_setregid(struct task *t, u32 rgid, u32 egid);
s64 sys_setresgid(struct task *t, u32 rgid, u32 egid, u32 sgid);
s64 sys_getresgid(struct task *t, u32 *rgid, u32 *egid, u32 *sgid);
s64 sys_setfsgid(struct task *t, u32 gid);
s64 sys_getgroups(struct task *t, int size, u32 *list);
s64 sys_setgroups(struct task *t, size_t size, const u32 *list);
s64 sys_capget(struct task *t, struct __user_cap_header_struct *hdr,
	       struct __user_cap_data_struct *data);
s64 sys_capset(struct task *t, struct __user_cap_header_struct *hdr,
	       const struct __user_cap_data_struct *data);
s64 sys_setpgid(struct task *t, int pid, int pgid);
s64 sys_getpgid(struct task *t, int pid);
s64 sys_getsid(struct task *t, int pid);
s64 sys_setsid(struct task *t);
s64 sys_prctl(struct task *t, int op, s64 a2, s64 a3, s64 a4, s64 a5);
s64 sys_getrusage(struct task *t, int who, struct rusage *ru);
s64 sys_times(struct task *t, struct tms *buf);
s64 sys_sched_yield(struct task *t);
s64 sys_sched_setaffinity(struct task *t, int tid, size_t len, const void *mask);
s64 sys_sched_getaffinity(struct task *t, int tid, size_t len, void *mask);
s64 sys_getcpu(struct task *t, unsigned *cpu, unsigned *node);
s64 sys_getrandom(struct task *t, void *buf, size_t len, unsigned flags);
s64 sys_getrlimit(struct task *t, int resource, struct rlimit *rl);
s64 sys_setrlimit(struct task *t, int resource, const struct rlimit *rl);
s64 sys_prlimit64(struct task *t, int pid, int resource, const struct rlimit *new_limit,
		  struct rlimit *old_limit);
/* One of a process's limits, the descriptors' too; limit_syscalls.c. */
struct process_limit process_limit(const struct process *p, int resource);
s64 sys_sched_setscheduler(struct task *t, int tid, int policy, const struct sched_param *param);
s64 sys_sched_getscheduler(struct task *t, int tid);
s64 sys_sched_setparam(struct task *t, int tid, const struct sched_param *param);
s64 sys_sched_getparam(struct task *t, int tid, struct sched_param *param);
s64 sys_sched_get_priority_max(struct task *t, int policy);
s64 sys_sched_get_priority_min(struct task *t, int policy);
s64 sys_sched_rr_get_interval(struct task *t, int tid, struct timespec *ts);
s64 sys_getpriority(struct task *t, int which, int who);
s64 sys_setpriority(struct task *t, int which, int who, int nice);
s64 sys_ioprio_get(struct task *t, int which, int who);
s64 sys_sysinfo(struct task *t, struct sysinfo *info);
s64 sys_personality(struct task *t, unsigned persona);
s64 sys_membarrier(struct task *t, int cmd, unsigned flags);
s64 sys_uname(struct task *t, struct utsname *buf);
s64 sys_nanosleep(struct task *t, const struct timespec *req, struct timespec *rem);
s64 sys_clock_nanosleep(struct task *t, int clock, int flags, const struct timespec *req,
			struct timespec *rem);
s64 sys_clock_gettime(struct task *t, int clock, struct timespec *ts);
s64 sys_clock_getres(struct task *t, int clock, struct timespec *ts);
s64 sys_gettimeofday(struct task *t, struct timeval *tv, struct timezone *tz);
s64 sys_clock_settime(struct task *t, int clock, const struct timespec *ts);
s64 sys_settimeofday(struct task *t, const struct timeval *tv, const struct timezone *tz);
s64 sys_time(struct task *t, s64 *secs);
s64 sys_timer_create(struct task *t, int clock, const struct sigevent *ev, int *id);
s64 sys_timer_settime(struct task *t, int id, int flags, const struct itimerspec *new_value,
		      struct itimerspec *old_value);
s64 sys_timer_gettime(struct task *t, int id, struct itimerspec *value);
s64 sys_timer_getoverrun(struct task *t, int id);
s64 sys_timer_delete(struct task *t, int id);

#endif
