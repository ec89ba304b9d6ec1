/* SPDX-License-Identifier: MIT */
/*
 * The arguments of system calls: copies in, copies out. What each call's arguments are says
 * hosted_args_table.c; here is what is done for each kind.
 *
 * Pieces of memory are collected first and then moved together, so that a call with data costs one
 * system call on each side where it has data, and a call without any none. A pointer that the kernel
 * would follow only later, or not at all because of another mistake, is followed here before the call:
 * what would have been found first (EBADF, ENOTSOCK) is looked for when that fails.
 */
#include "sim/process/hosted_args.h"

#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "stack/socket.h"
#include "stack/syscall_table.h"

#define OPTION_MAX (1 << 20)
#define EVENTS_MAX 65536 /* of one epoll_wait(); less than was asked for is always legal */
#define GROUPS_MAX 65536 /* NGROUPS_MAX */

/* ---- pieces -------------------------------------------------------------------------------------- */

int args_flush(struct args *c)
{
	int err = hosted_move(c->h, c->piece, c->n, c->write);

	if (err && c->tolerant && c->n)
		err = hosted_move(c->h, c->piece, c->n - 1, c->write);
	c->n = 0;
	c->tolerant = false;
	if (err && !c->err)
		c->err = err;
	return c->err;
}

void args_piece(struct args *c, u64 addr, void *p, size_t len)
{
	if (c->n == HOSTED_PIECES)
		args_flush(c);
	c->piece[c->n++] = (struct hosted_piece){ addr, p, len };
}

void *args_room(struct args *c, int i, size_t len)
{
	void *p = hosted_alloc(c->h, len);

	c->a[i] = (s64)(uintptr_t)p;
	return p;
}

void *args_cleared(struct args *c, int i, size_t len)
{
	return memset(args_room(c, i, len), 0, len);
}

void *args_copy(struct args *c, u64 addr, size_t size)
{
	void *p = hosted_alloc(c->h, size);

	return hosted_read(c->h, addr, p, size) < 0 ? NULL : p;
}

bool args_range(u64 addr, u64 len)
{
	return len <= TASK_MAX && addr <= TASK_MAX - len;
}

/* ---- structures ---------------------------------------------------------------------------------- */

static int fixed_in(struct args *c, const struct arg *arg, int i)
{
	args_piece(c, c->h->args[i], args_room(c, i, arg->size), arg->size);
	return 0;
}

static int fixed_room(struct args *c, const struct arg *arg, int i)
{
	args_cleared(c, i, arg->size);
	return 0;
}

static int fixed_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	args_piece(c, c->h->args[i], args_pointer(c, i), arg->size);
	return 0;
}

/* It may lie in memory that cannot be written, and nothing is said about that. */
static int time_left_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	if (c->n == HOSTED_PIECES)
		args_flush(c);
	fixed_out(c, arg, i, result);
	c->tolerant = true;
	return 0;
}

static int eintr_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	return result == -EINTR ? fixed_out(c, arg, i, result) : 0;
}

static int positive_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	return result > 0 ? fixed_out(c, arg, i, result) : 0;
}

/* si_signo, si_errno, si_code; si_pid, si_uid, si_status: zeros unless there was a child. */
static int waitid_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	u8 *p = args_pointer(c, i);

	if (result < 0)
		memset(p, 0, arg->size);
	args_piece(c, c->h->args[i], p, 12);
	args_piece(c, c->h->args[i] + 16, p + 16, 12);
	return 0;
}

static int string_in(struct args *c, const struct arg *arg, int i)
{
	char text[PATH_MAX];
	int len = hosted_read_string(c->h, c->h->args[i], text, sizeof(text));

	if (len < 0)
		return len;
	memcpy(args_room(c, i, (size_t)len + 1), text, (size_t)len + 1);
	return 0;
}

static int epoll_event_in(struct args *c, const struct arg *arg, int i)
{
	return (int)c->h->args[arg->other] == EPOLL_CTL_DEL ? 0 : fixed_in(c, arg, i);
}

/* ---- buffers ------------------------------------------------------------------------------------- */

/*
 * Checks a buffer and cuts its length to what one call moves; *len is that. 0 or -EFAULT. Where there is
 * nothing to move the call may see anything but NULL.
 */
static int buffer(struct args *c, const struct arg *arg, int i, u64 *len)
{
	u64 n = c->h->args[arg->other];
	bool strict = arg->kind == WRITE_BUF || arg->kind == READ_BUF;

	if (!args_range(c->h->args[i], strict ? n : min(n, MAX_RW_COUNT)))
		return -EFAULT;
	*len = min(n, CALL_MAX);
	if (*len != n)
		c->a[arg->other] = (s64)*len;
	return 0;
}

static int buffer_in(struct args *c, const struct arg *arg, int i)
{
	u64 len;

	if (buffer(c, arg, i, &len) < 0 || (len && !c->h->args[i]))
		return -EFAULT;
	args_piece(c, c->h->args[i], args_room(c, i, len), len);
	return 0;
}

/* A TCP socket throws bytes away that it is asked for with MSG_TRUNC: the memory stays as it was. */
static bool may_stay(const struct args *c, const struct arg *arg)
{
	return arg->kind == RECV_BUF && arg->size && c->h->args[arg->size] & MSG_TRUNC;
}

static int buffer_room(struct args *c, const struct arg *arg, int i)
{
	u64 len;

	if (buffer(c, arg, i, &len) < 0)
		return -EFAULT;
	args_room(c, i, len);
	if (may_stay(c, arg) && c->h->args[i])
		args_piece(c, c->h->args[i], args_pointer(c, i), len);
	else if (may_stay(c, arg))
		args_cleared(c, i, len);
	return 0;
}

/*
 * The result may be more than there was room for (MSG_TRUNC). NULL is wrong only now, as the kernel finds
 * it, or not at all when the bytes were thrown away.
 */
static int buffer_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	if (c->h->args[i] || !may_stay(c, arg))
		args_piece(c, c->h->args[i], args_pointer(c, i),
			   min((u64)result, (u64)c->a[arg->other]));
	return 0;
}

static int sized_in(struct args *c, const struct arg *arg, int i)
{
	u64 n = min(c->h->args[arg->other], (u64)arg->size);

	/* The lengths of these are cut by the kernel too; too long a name is refused by the call. */
	args_piece(c, c->h->args[i], args_cleared(c, i, arg->size), n);
	return 0;
}

static int sized_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	args_piece(c, c->h->args[i], args_pointer(c, i), min(c->h->args[arg->other], (u64)arg->size));
	return 0;
}

static int array_in(struct args *c, const struct arg *arg, int i)
{
	u64 n = (u32)c->h->args[arg->other];

	if (n > GROUPS_MAX)
		return -EINVAL;
	if (n && !c->h->args[i])
		return -EFAULT;
	args_piece(c, c->h->args[i], args_room(c, i, n * arg->size), n * arg->size);
	return 0;
}

static int array_room(struct args *c, const struct arg *arg, int i)
{
	int n = (int)c->h->args[arg->other];

	if (n > INT_MAX / arg->size)
		return -EINVAL;
	if (n > EVENTS_MAX)
		c->a[arg->other] = n = EVENTS_MAX;
	args_room(c, i, (size_t)max(n, 0) * arg->size);
	return 0;
}

static int array_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	/* getgroups(0, ...) only counts. */
	args_piece(c, c->h->args[i], args_pointer(c, i),
		   (u64)min(result, (s64)max((int)c->a[arg->other], 0)) * arg->size);
	return 0;
}

/* ---- addresses and options ----------------------------------------------------------------------- */

/* move_addr_to_kernel() */
static int addr_in(struct args *c, const struct arg *arg, int i)
{
	int len = (int)c->h->args[arg->other];

	if (len < 0 || len > SOCKADDR_MAX)
		return -EINVAL;
	args_piece(c, c->h->args[i], args_cleared(c, i, SOCKADDR_MAX), (size_t)len);
	return 0;
}

static int addr_room(struct args *c, const struct arg *arg, int i)
{
	args_cleared(c, i, SOCKADDR_MAX);
	return 0;
}

/*
 * The length as the call sees it and sets it, and behind it how much room there was. Without an address a
 * LEN0() is not looked at.
 */
static int length_in(struct args *c, const struct arg *arg, int i)
{
	int *len;

	if (arg->null == NULL_ASK && !c->h->args[arg->other])
		return 0;
	if (!c->h->args[i])
		return -EFAULT;
	len = args_room(c, i, 2 * sizeof(*len));
	args_piece(c, c->h->args[i], &len[0], sizeof(*len));
	args_piece(c, c->h->args[i], &len[1], sizeof(*len));
	return 0;
}

/* ERANGE comes with the length that would do. */
static int length_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	if (result < 0 && result != -ERANGE)
		return 0;
	args_piece(c, c->h->args[i], args_pointer(c, i), sizeof(int));
	return 0;
}

/* Bytes for each unit of a length: SO_GET_FILTER counts instructions. */
static size_t length_unit(const struct hosted *h)
{
	return h->nr == SYS_getsockopt && (int)h->args[1] == SOL_SOCKET &&
			       (int)h->args[2] == SO_GET_FILTER ?
		       sizeof(struct sock_filter) :
		       1;
}

/* As much of what the call has made as there is room for: move_addr_to_user(). */
static int measured_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	const int *len = args_pointer(c, arg->other);
	int n = len ? max(min(len[0], len[1]), 0) : 0;

	if (arg->kind == ADDR_OUT)
		n = min(n, SOCKADDR_MAX);
	args_piece(c, c->h->args[i], args_pointer(c, i), (size_t)n * length_unit(c->h));
	return 0;
}

#define PACKET_HDRLEN_ 11 /* linux/if_packet.h cannot stand beside nic/skb.h */

static int option_room(struct args *c, const struct arg *arg, int i)
{
	u64 addr = c->h->args[arg->other];
	int cap = 0, *len;
	void *val;

	/* Without a length: there are sockets that do not come to ask for it. */
	if (!addr || hosted_read(c->h, addr, &cap, sizeof(cap)) < 0)
		return 0;
	cap = min(cap, OPTION_MAX);
	len = args_room(c, arg->other, 2 * sizeof(*len));
	len[0] = cap;
	len[1] = cap < 0 ? SOCKADDR_MAX : cap; /* there are options that take it for a large one */
	val = args_cleared(c, i, (size_t)max(cap, SOCKADDR_MAX) * length_unit(c->h));
	/* The one option whose value says what is asked for. */
	if ((int)c->h->args[1] == SOL_PACKET && (int)c->h->args[2] == PACKET_HDRLEN_ &&
	    cap >= (int)sizeof(int) && hosted_read(c->h, c->h->args[i], val, sizeof(int)) < 0)
		c->a[i] = 0;
	return 0;
}

static int option_len_in(struct args *c, const struct arg *arg, int i)
{
	return 0;
}

/* ---- capabilities -------------------------------------------------------------------------------- */

/* capget(2): a version that is not known is answered with the one to use, and EINVAL. */
static size_t cap_size(u32 version)
{
	switch (version) {
	case _LINUX_CAPABILITY_VERSION_1:
		return _LINUX_CAPABILITY_U32S_1 * sizeof(struct __user_cap_data_struct);
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		return _LINUX_CAPABILITY_U32S_3 * sizeof(struct __user_cap_data_struct);
	default:
		return 0;
	}
}

/* Followed by the version as it was given. */
static int cap_header_in(struct args *c, const struct arg *arg, int i)
{
	u32 *header = args_room(c, i, arg->size + sizeof(u32));

	if (hosted_read(c->h, c->h->args[i], header, arg->size) < 0)
		return -EFAULT;
	header[2] = header[0];
	return 0;
}

static int cap_header_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	const u32 *header = args_pointer(c, i);

	return header[0] == header[2] ? 0 : fixed_out(c, arg, i, result);
}

static int cap_in(struct args *c, const struct arg *arg, int i)
{
	const u32 *header = args_pointer(c, arg->other);
	size_t size = cap_size(header[2]);

	args_piece(c, c->h->args[i], args_cleared(c, i, cap_size(_LINUX_CAPABILITY_VERSION_3)), size);
	return 0;
}

static int cap_room(struct args *c, const struct arg *arg, int i)
{
	args_cleared(c, i, cap_size(_LINUX_CAPABILITY_VERSION_3));
	return 0;
}

static int cap_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	const u32 *header = args_pointer(c, arg->other);

	args_piece(c, c->h->args[i], args_pointer(c, i), cap_size(header[2]));
	return 0;
}

/* ---- all of a call ------------------------------------------------------------------------------- */

static const struct {
	int (*in)(struct args *c, const struct arg *arg, int i);
	int (*out)(struct args *c, const struct arg *arg, int i, s64 result);
	bool always; /* out after a failure too */
} kinds[ARG_NKINDS] = {
	[STRING] = { string_in },
	[IN] = { fixed_in },
	[OUT] = { fixed_room, fixed_out },
	[INOUT] = { fixed_in, fixed_out },
	[TIME_LEFT] = { fixed_in, time_left_out, true },
	[OUT_EINTR] = { fixed_room, eintr_out, true },
	[OUT_POSITIVE] = { fixed_room, positive_out },
	[OUT_WAITID] = { fixed_room, waitid_out, true },
	[WRITE_BUF] = { buffer_in },
	[SEND_BUF] = { buffer_in },
	[READ_BUF] = { buffer_room, buffer_out },
	[RECV_BUF] = { buffer_room, buffer_out },
	[SIZED_IN] = { sized_in },
	[SIZED_OUT] = { fixed_room, sized_out },
	[ARRAY_IN] = { array_in },
	[ARRAY_OUT] = { array_room, array_out },
	[POLLFDS] = { args_pollfds_in, args_pollfds_out, true },
	[EPOLL_EVENT] = { epoll_event_in },
	[OPTION_IN] = { args_option_in },
	[OPTION_OUT] = { option_room, measured_out },
	[ADDR_IN] = { addr_in },
	[ADDR_OUT] = { addr_room, measured_out },
	[OPTION_LEN] = { option_len_in, length_out, .always = true },
	[LENGTH] = { length_in, length_out, .always = true },
	[SIGSET_IN] = { args_sigset_in },
	[SIGSET_OUT] = { args_sigset_room, args_sigset_out },
	[SIGSET_PAIR] = { args_sigset_pair_in },
	[FD_SET] = { args_fd_set_in, args_fd_set_out },
	[IOVEC_IN] = { args_iovec_in },
	[IOVEC_OUT] = { args_iovec_in, args_iovec_out },
	[IOVEC_PIPE] = { args_iovec_in, args_iovec_out },
	[MSG_IN] = { args_msg_in },
	[MSG_OUT] = { args_msg_in, args_msg_out },
	[MMSG_IN] = { args_mmsg_in, args_mmsg_out },
	[MMSG_OUT] = { args_mmsg_in, args_mmsg_out },
	[CAP_HEADER] = { cap_header_in, cap_header_out, true },
	[CAP_IN] = { cap_in },
	[CAP_OUT] = { cap_room, cap_out },
	[BY_COMMAND] = { args_command_in, args_command_out },
	[BPF_ATTR] = { args_bpf_in, args_bpf_out, true },
};

/* Of calls that not every file has, or has for reading and writing. */
static int wrong_file(const struct hosted *h, const struct file *f, int err)
{
	u32 mode = f->flags & O_ACCMODE;

	switch (h->nr) {
	case SYS_pread64:
	case SYS_pwrite64:
	case SYS_preadv:
	case SYS_pwritev:
		if (S_ISFIFO(f->mode) || S_ISSOCK(f->mode) || !(f->mode & S_IFMT))
			return -ESPIPE;
		return err;
	case SYS_read:
	case SYS_readv:
	case SYS_preadv2:
		return mode == O_WRONLY ? -EBADF : !f->ops->read ? -EINVAL : err;
	case SYS_write:
	case SYS_writev:
	case SYS_pwritev2:
		return mode == O_RDONLY ? -EBADF : !f->ops->write ? -EINVAL : err;
	default:
		return err;
	}
}

/* What the kernel would have said before it came to the pointer that is wrong. */
static int first_error(struct hosted *h, int err)
{
	const struct syscall_entry *e = syscall_entry(h->nr);
	struct file *f;

	if (h->nr == SYS_pipe2 && (int)h->args[1] & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	if (!h->u || !e || e->args[0] != 'f')
		return err;
	if (h->nr == SYS_signalfd || h->nr == SYS_signalfd4) /* the descriptor comes last */
		return err;
	if (h->nr == SYS_timerfd_settime) /* the times come first */
		return err;
	f = fd_lookup(h->u->task->proc->files, (int)h->args[0]);
	if (!f || f->flags & O_PATH)
		return -EBADF;
	/* connect() looks at the address first; sendfile() needs no socket. */
	if (e->socket && h->nr != SYS_connect && h->nr != SYS_sendfile && !sock_from_file(f))
		return -ENOTSOCK;
	return wrong_file(h, f, err);
}

static int arg_in(struct args *c, const struct arg *arg, int i)
{
	if (!c->h->args[i] && arg->null != NULL_ASK)
		return arg->null == NULL_OK ? 0 : -EFAULT;
	return kinds[arg->kind].in(c, arg, i);
}

static int all_in(struct args *c, const struct arg *row)
{
	for (int i = 0; i < 6; i++)
		c->a[i] = row[i].kind <= USER ? (s64)c->h->args[i] : 0;
	for (int i = 0; i < 6; i++) {
		int err = row[i].kind <= USER ? 0 : arg_in(c, &row[i], i);

		if (err)
			return err;
	}
	return args_flush(c);
}

int hosted_args_in(struct hosted *h, struct syscall_req *req)
{
	const struct arg *row = hosted_args_row(h->nr);
	struct args c;
	int err;

	if (!row) {
		for (int i = 0; i < 6; i++)
			req->a[i] = (s64)h->args[i];
		return 0;
	}
	c.h = h;
	c.write = c.tolerant = false;
	c.err = 0;
	c.n = 0;
	err = all_in(&c, row);
	if (err) {
		for (int i = 0; i < 6; i++)
			c.a[i] = row[i].kind <= USER ? (s64)h->args[i] : 0;
		err = first_error(h, err);
	}
	memcpy(req->a, c.a, sizeof(c.a));
	return err;
}

/* Nobody can be told the peer's name: there is no new descriptor then. */
static void accept_undo(struct hosted *h, int fd)
{
	struct file *f;

	if ((h->nr != SYS_accept && h->nr != SYS_accept4) || !h->u)
		return;
	f = fd_remove(h->u->task->proc->files, fd);
	if (f)
		file_put(NULL, f);
}

s64 hosted_args_out(struct hosted *h, const struct syscall_req *req, s64 result)
{
	const struct arg *row = hosted_args_row(h->nr);
	struct args c;
	int err = 0;

	if (!row)
		return result;
	c.h = h;
	c.write = true;
	c.tolerant = false;
	c.err = 0;
	c.n = 0;
	memcpy(c.a, req->a, sizeof(c.a));
	for (int i = 0; i < 6 && !err; i++) {
		if (row[i].kind <= USER || !kinds[row[i].kind].out || !c.a[i])
			continue;
		if (result >= 0 || kinds[row[i].kind].always)
			err = kinds[row[i].kind].out(&c, &row[i], i, result);
	}
	if (!err)
		err = args_flush(&c);
	if (err && result >= 0)
		accept_undo(h, (int)result);
	return err ? err : result;
}
