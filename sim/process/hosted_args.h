/* SPDX-License-Identifier: MIT */
/*
 * Doors between hosted_args*.c: how each argument of a call is copied.
 */
#ifndef SIM_PROCESS_HOSTED_ARGS_H
#define SIM_PROCESS_HOSTED_ARGS_H

#include <sys/uio.h>

#include "sim/process/hosted_priv.h"

/*
 * Bytes of one call. The kernel's own limit is 2 GiB (MAX_RW_COUNT); less is a short read or write,
 * which is always legal, and no datagram is as long as this: it is too long at either length.
 */
#define CALL_MAX (256ull << 20)
#define MAX_RW_COUNT 0x7ffff000ull
#define TASK_MAX 0x7ffffffff000ull /* end of user addresses */
#define SOCKADDR_MAX 128	    /* struct sockaddr_storage */
#define SIGSET_SIZE 8

enum arg_kind {
	VALUE = 0,
	USER,	      /* an address of the program's that the callee follows itself */
	STRING,	      /* zero-terminated, up to PATH_MAX */
	IN,	      /* size bytes are read */
	OUT,	      /* size bytes are written when the call succeeds */
	INOUT,	      /* both; also for what is not always written */
	TIME_LEFT,    /* INOUT, written back on failure too, if that is possible */
	OUT_EINTR,    /* written only when the call was interrupted */
	OUT_POSITIVE, /* written only when the result is not 0 */
	OUT_WAITID,   /* siginfo_t of waitid() */
	WRITE_BUF,    /* argument other: how many bytes; all of them must be user addresses */
	SEND_BUF,     /* the same, but for what is beyond the limit of a call */
	READ_BUF,     /* argument other: room; the result: how many bytes were written */
	RECV_BUF,     /* the same; size: which argument may have MSG_TRUNC; 0: none */
	SIZED_IN,     /* argument other: bytes, at most size */
	SIZED_OUT,
	ARRAY_IN,     /* argument other: elements of size bytes */
	ARRAY_OUT,    /* argument other: room for so many; the result: how many were written */
	POLLFDS,      /* argument other: how many */
	EPOLL_EVENT,  /* argument other: EPOLL_CTL_*, without need for it when that is DEL */
	OPTION_IN,    /* argument other: an int */
	OPTION_OUT,   /* argument other: LENGTH */
	ADDR_IN,      /* socket address; argument other: its length */
	ADDR_OUT,     /* argument other: LENGTH */
	OPTION_LEN,   /* of OPTION_OUT, which has brought it */
	LENGTH,	      /* room of argument other in, length out */
	SIGSET_IN,    /* argument other: must be 8 */
	SIGSET_OUT,
	SIGSET_PAIR,  /* pselect6: pointer to pointer and size */
	FD_SET,	      /* argument other: number of bits */
	IOVEC_IN,     /* argument other: number of pieces */
	IOVEC_OUT,
	IOVEC_PIPE,   /* vmsplice: IN or OUT, by the end of the pipe that argument 0 is */
	MSG_IN,	      /* struct msghdr */
	MSG_OUT,      /* argument other: flags */
	MMSG_IN,      /* argument other: number of struct mmsghdr */
	MMSG_OUT,     /* size: flags */
	CAP_HEADER,   /* capget, capset: version and pid */
	CAP_IN,	      /* what the version in argument other says */
	CAP_OUT,
	BY_COMMAND,   /* ioctl, fcntl, prctl: depends on the argument before */
	BPF_ATTR,     /* union bpf_attr; argument other: its size */
	ARG_NKINDS,
};

/* What a NULL pointer is. */
enum arg_null {
	NULL_BAD = 0, /* EFAULT */
	NULL_OK,      /* NULL */
	NULL_ASK,     /* the kind knows; most of them leave it to the call */
};

struct arg {
	u8 kind, null, other;
	u16 size;
};

/* hosted_args_table.c: of all six arguments; NULL: all are values. */
const struct arg *hosted_args_row(int nr);

/* The copies of one call in one direction: collected, then moved with few system calls. */
struct args {
	struct hosted *h;
	s64 a[6]; /* as in syscall_req */
	bool write;
	bool tolerant; /* the last piece need not succeed */
	int err;
	u32 n;
	struct hosted_piece piece[HOSTED_PIECES];
};
void args_piece(struct args *c, u64 addr, void *p, size_t len);
/* 0 or -EFAULT. */
int args_flush(struct args *c);
/* Room for argument i. */
void *args_room(struct args *c, int i, size_t len);
/* For what the call may leave alone: what was there before must not be seen. */
void *args_cleared(struct args *c, int i, size_t len);
/* The copy of argument i. */
static inline void *args_pointer(const struct args *c, int i)
{
	return (void *)(uintptr_t)c->a[i];
}
/* Room with size bytes of the program's memory in it, at once; NULL: EFAULT. */
void *args_copy(struct args *c, u64 addr, size_t size);
/* True when these can be addresses of a program. */
bool args_range(u64 addr, u64 len);

/* Of one kind of argument. result: of the call. in and out return 0 or negative errno. */
int args_pollfds_in(struct args *c, const struct arg *arg, int i);
int args_pollfds_out(struct args *c, const struct arg *arg, int i, s64 result);
int args_fd_set_in(struct args *c, const struct arg *arg, int i);
int args_fd_set_out(struct args *c, const struct arg *arg, int i, s64 result);
int args_sigset_in(struct args *c, const struct arg *arg, int i);
int args_sigset_room(struct args *c, const struct arg *arg, int i);
int args_sigset_out(struct args *c, const struct arg *arg, int i, s64 result);
int args_sigset_pair_in(struct args *c, const struct arg *arg, int i);
int args_iovec_in(struct args *c, const struct arg *arg, int i);
int args_iovec_out(struct args *c, const struct arg *arg, int i, s64 result);
int args_msg_in(struct args *c, const struct arg *arg, int i);
int args_msg_out(struct args *c, const struct arg *arg, int i, s64 result);
int args_mmsg_in(struct args *c, const struct arg *arg, int i);
int args_mmsg_out(struct args *c, const struct arg *arg, int i, s64 result);
int args_command_in(struct args *c, const struct arg *arg, int i);
int args_command_out(struct args *c, const struct arg *arg, int i, s64 result);
int args_bpf_in(struct args *c, const struct arg *arg, int i);
int args_bpf_out(struct args *c, const struct arg *arg, int i, s64 result);
int args_option_in(struct args *c, const struct arg *arg, int i);

#endif
