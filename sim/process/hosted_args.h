/* SPDX-License-Identifier: MIT */
/*
 * Doors between hosted_args*.c: how each argument of a call is copied.
 */
#ifndef SIM_PROCESS_HOSTED_ARGS_H
#define SIM_PROCESS_HOSTED_ARGS_H

#include "sim/process/hosted_int.h"

#define MAX_RW_COUNT 0x7ffff000ull /* bytes of one call; linux/fs.h */

enum arg_kind {
	VALUE = 0,
	STRING,	      /* zero-terminated, up to PATH_MAX */
	IN,	      /* size bytes are read */
	OUT,	      /* size bytes are written when the call succeeds */
	INOUT,	      /* both; also for what is not always written */
	INOUT_ALWAYS, /* written back on failure too */
	OUT_EINTR,    /* written only when the call was interrupted */
	BUF_IN,	      /* argument other: how many bytes */
	BUF_OUT,      /* argument other: room; the result: how many bytes were written */
	ARRAY_IN,     /* argument other: elements of size bytes */
	ARRAY_INOUT,
	ARRAY_OUT,    /* argument other: room for so many; the result: how many were written */
	OPTION_IN,    /* argument other: an int; negative is EINVAL */
	ADDR_IN,      /* socket address; argument other: its length */
	ADDR_OUT,     /* argument other: pointer to the room, and then to the real length */
	OPTION_OUT,   /* as ADDR_OUT, for getsockopt() */
	SIGSET_IN,    /* argument other: must be 8 */
	SIGSET_OUT,
	SIGSET_PAIR,  /* pselect6: pointer to pointer and size */
	FD_SET_INOUT, /* argument other: number of bits */
	IOVEC_IN,     /* argument other: number of pieces */
	IOVEC_OUT,
	MSG_IN, MSG_OUT, /* struct msghdr */
	MMSG_IN, MMSG_OUT, /* argument other: number of struct mmsghdr */
	BY_COMMAND,   /* ioctl, fcntl, prctl: what it is depends on the argument before */
};

struct arg {
	u8 kind, other;
	u16 size;
};

/* In: fills *value (a pointer of the simulator). 0 or negative errno. */
int args_iovec_in(struct hosted *h, u64 addr, u64 count, bool gather, s64 *value);
int args_msg_in(struct hosted *h, u64 addr, bool gather, s64 *value);
int args_mmsg_in(struct hosted *h, u64 addr, u64 count, bool gather, s64 *value);
int args_command_in(struct hosted *h, int i, s64 *value);
/* Out, after success. 0 or -EFAULT. */
int args_iovec_out(struct hosted *h, u64 addr, const struct iovec *iov, u64 len);
int args_msg_out(struct hosted *h, u64 addr, const struct msghdr *m, u64 len);
int args_mmsg_out(struct hosted *h, u64 addr, const void *vec, u64 n, bool received);
int args_command_out(struct hosted *h, int i, s64 value);
/* The pieces, in one system call; bytes beyond len are not moved. */
int args_move(struct hosted *h, const struct iovec *remote, u64 count, void *local, u64 len,
	      bool write);

/* Room with size bytes of the program's memory in it; NULL: EFAULT. */
void *args_copy(struct hosted *h, u64 addr, size_t size);

#endif
