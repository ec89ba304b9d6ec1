/* SPDX-License-Identifier: MIT */
/*
 * Arguments with pieces: struct iovec, struct msghdr, struct mmsghdr (readv(2), recvmsg(2),
 * recvmmsg(2)).
 *
 * Behind each structure that the call sees stays the one that the program gave, for the way back.
 */
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sim/process/hosted_args.h"
#include "stack/net.h"
#include "stack/socket.h"

#define UIO_MAX 1024
#define CONTROL_MAX (1u << 16)

/* ---- pieces -------------------------------------------------------------------------------------- */

/* Room for the pieces of one message, and the program's behind them, once they have been read. */
static struct iovec *pieces_read(struct args *c, u64 addr, u64 count)
{
	struct iovec *iov = hosted_alloc(c->h, 2 * count * sizeof(*iov));

	if (count)
		args_piece(c, addr, iov + count, count * sizeof(*iov));
	return iov;
}

/* One block of memory for all pieces, with what is there if fill says so. The bytes, or negative errno. */
static s64 pieces_in(struct args *c, struct iovec *iov, u64 count, bool fill)
{
	struct iovec *user = iov + count;
	u64 total = 0;
	u8 *p;

	for (u64 i = 0; i < count; i++) {
		if ((s64)user[i].iov_len < 0)
			return -EINVAL;
		if (!args_range((u64)(uintptr_t)user[i].iov_base, min(user[i].iov_len, MAX_RW_COUNT)))
			return -EFAULT;
		user[i].iov_len = min((u64)user[i].iov_len, CALL_MAX - total);
		total += user[i].iov_len;
	}
	p = hosted_alloc(c->h, total);
	for (u64 i = 0; i < count; i++) {
		iov[i] = (struct iovec){ p, user[i].iov_len };
		if (fill && iov[i].iov_len)
			args_piece(c, (u64)(uintptr_t)user[i].iov_base, p, iov[i].iov_len);
		p += iov[i].iov_len;
	}
	return (s64)total;
}

static void pieces_out(struct args *c, const struct iovec *iov, u64 count, u64 len)
{
	const struct iovec *user = iov + count;

	for (u64 i = 0; i < count && len; i++) {
		u64 n = min((u64)iov[i].iov_len, len);

		if (n)
			args_piece(c, (u64)(uintptr_t)user[i].iov_base, iov[i].iov_base, n);
		len -= n;
	}
}

/* Which way: what goes into a pipe is read before the call, what comes out of it written afterwards. */
static bool gathers(const struct args *c, const struct arg *arg)
{
	const struct file *f;

	if (arg->kind != IOVEC_PIPE)
		return arg->kind == IOVEC_IN;
	f = c->h->u ? fd_lookup(c->h->u->task->proc->files, (int)c->h->args[0]) : NULL;
	return f && (f->flags & O_ACCMODE) != O_RDONLY;
}

int args_iovec_in(struct args *c, const struct arg *arg, int i)
{
	u64 count = c->h->args[arg->other];
	struct iovec *iov;
	s64 ret;

	if (count > UIO_MAX)
		return -EINVAL;
	if (count && !c->h->args[i])
		return -EFAULT;
	iov = pieces_read(c, c->h->args[i], count);
	c->a[i] = (s64)(uintptr_t)iov;
	if (args_flush(c))
		return -EFAULT;
	ret = pieces_in(c, iov, count, gathers(c, arg));
	return (int)min(ret, 0);
}

int args_iovec_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	if (!gathers(c, arg))
		pieces_out(c, (const struct iovec *)(uintptr_t)c->a[i], c->h->args[arg->other],
			   (u64)result);
	return 0;
}

/* ---- one message --------------------------------------------------------------------------------- */

/* Longer addresses are cut, as by copy_msghdr_from_user(). */
static int name_in(struct args *c, struct msghdr *m, bool send)
{
	u64 addr = (u64)(uintptr_t)m->msg_name;

	if (!addr) {
		m->msg_namelen = 0;
		return 0;
	}
	if ((int)m->msg_namelen < 0)
		return -EINVAL;
	m->msg_namelen = min(m->msg_namelen, (socklen_t)SOCKADDR_MAX);
	m->msg_name = hosted_alloc(c->h, SOCKADDR_MAX);
	memset(m->msg_name, 0, SOCKADDR_MAX);
	if (send)
		args_piece(c, addr, m->msg_name, m->msg_namelen);
	return 0;
}

/* What may be sent: net.core.optmem_max. */
static u64 control_max(const struct args *c)
{
	return c->h->u ? c->h->u->task->host->net->sysctl.optmem_max : CONTROL_MAX;
}

/* More than CONTROL_MAX is never received. */
static int control_in(struct args *c, struct msghdr *m, bool send)
{
	u64 addr = (u64)(uintptr_t)m->msg_control;

	if (!addr || !m->msg_controllen) {
		if (addr || !send)
			m->msg_controllen = 0;
		m->msg_control = NULL;
		return m->msg_controllen > INT_MAX ? -ENOBUFS : 0;
	}
	if (send && m->msg_controllen > control_max(c))
		return -ENOBUFS;
	m->msg_controllen = min(m->msg_controllen, (size_t)CONTROL_MAX);
	m->msg_control = hosted_alloc(c->h, m->msg_controllen);
	if (send)
		args_piece(c, addr, m->msg_control, m->msg_controllen);
	else
		memset(m->msg_control, 0, m->msg_controllen);
	return 0;
}

static int msghdr_in(struct args *c, struct msghdr *m, bool send)
{
	int err = name_in(c, m, send);

	if (!err)
		err = control_in(c, m, send);
	if (err)
		return err;
	if (m->msg_iovlen > UIO_MAX)
		return -EMSGSIZE;
	m->msg_iov = pieces_read(c, (u64)(uintptr_t)m->msg_iov, m->msg_iovlen);
	return 0;
}

/* user: as the program gave it. */
static void msghdr_out(struct args *c, u64 addr, struct msghdr *m, const struct msghdr *user, u64 len)
{
	pieces_out(c, m->msg_iov, m->msg_iovlen, len);
	if (user->msg_name) {
		args_piece(c, (u64)(uintptr_t)user->msg_name, m->msg_name,
			   min(min(user->msg_namelen, m->msg_namelen), (socklen_t)SOCKADDR_MAX));
		args_piece(c, addr + offsetof(struct msghdr, msg_namelen), &m->msg_namelen,
			   sizeof(m->msg_namelen));
	}
	if (m->msg_control)
		args_piece(c, (u64)(uintptr_t)user->msg_control, m->msg_control,
			   min(user->msg_controllen, m->msg_controllen));
	_Static_assert(offsetof(struct msghdr, msg_flags) ==
			       offsetof(struct msghdr, msg_controllen) + sizeof(m->msg_controllen),
		       "one piece");
	args_piece(c, addr + offsetof(struct msghdr, msg_controllen), &m->msg_controllen,
		   sizeof(m->msg_controllen) + sizeof(m->msg_flags));
}

/*
 * n messages, stride bytes from one header to the next. How the data is moved: what is sent is read; what
 * will be received is only read if it may stay as it is (MSG_TRUNC and TCP).
 */
struct messages {
	u8 *base;
	size_t stride;
	u32 n;
	u64 total; /* bytes that have been read for them */
	bool send, fill;
};

static struct msghdr *header(const struct messages *ms, u32 k)
{
	return (struct msghdr *)(ms->base + k * ms->stride);
}

/* What is read for one call is together no more than one may move: the others do not go. */
static int data_in(struct args *c, struct messages *ms)
{
	bool fill = ms->send || ms->fill;

	for (u32 k = 0; k < ms->n; k++) {
		u32 before = c->n;
		s64 ret = pieces_in(c, header(ms, k)->msg_iov, header(ms, k)->msg_iovlen, fill);

		if (ret < 0)
			return (int)ret;
		if (fill && ms->total && ms->total + (u64)ret > CALL_MAX) {
			c->n = min(c->n, before);
			ms->n = k;
		}
		ms->total += (u64)ret;
	}
	return args_flush(c);
}

static int messages_in(struct args *c, struct messages *ms)
{
	int err = 0;

	for (u32 k = 0; k < ms->n && !err; k++)
		err = msghdr_in(c, header(ms, k), ms->send);
	if (!err)
		err = args_flush(c);
	return err ? err : data_in(c, ms);
}

int args_msg_in(struct args *c, const struct arg *arg, int i)
{
	struct msghdr *m = args_room(c, i, 2 * sizeof(*m));
	struct messages ms = { .base = (u8 *)m, .n = 1, .send = arg->kind == MSG_IN,
			       .fill = c->h->args[arg->other] & MSG_TRUNC };

	if (hosted_read(c->h, c->h->args[i], m, sizeof(*m)) < 0)
		return -EFAULT;
	m[1] = m[0];
	return messages_in(c, &ms);
}

int args_msg_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	struct msghdr *m = (struct msghdr *)(uintptr_t)c->a[i];

	msghdr_out(c, c->h->args[i], m, m + 1, (u64)result);
	return 0;
}

/* ---- several messages ---------------------------------------------------------------------------- */

/* How many of n headers can be read. */
static u32 headers_read(struct args *c, u64 addr, struct mmsghdr *vec, u32 n)
{
	u32 k;

	if (!hosted_read(c->h, addr, vec, n * sizeof(*vec)))
		return n;
	for (k = 0; k < n; k++) {
		if (hosted_read(c->h, addr + k * sizeof(*vec), &vec[k], sizeof(*vec)) < 0)
			break;
	}
	return k;
}

/*
 * The kernel comes to a message's mistakes when those before it have gone, which are then the result: the
 * vector is cut before the first that is wrong, unless that is the first of all. What was wrong stays in
 * the msg_len of its second copy.
 */
int args_mmsg_in(struct args *c, const struct arg *arg, int i)
{
	u32 n = min((u32)c->h->args[arg->other], (u32)UIO_MAX), k;
	struct mmsghdr *vec = args_room(c, i, 2 * n * sizeof(*vec)), *user = vec + n;
	struct messages ms = { .base = (u8 *)vec, .stride = sizeof(*vec),
			       .send = arg->kind == MMSG_IN };
	int err;

	memset(vec, 0, 2 * n * sizeof(*vec));
	ms.fill = arg->size && c->h->args[arg->size] & MSG_TRUNC;
	c->a[arg->other] = n;
	ms.n = headers_read(c, c->h->args[i], user, n);
	if (n && !ms.n)
		return -EFAULT;
	memcpy(vec, user, ms.n * sizeof(*vec));
	for (k = 0; k < n; k++)
		user[k].msg_len = k < ms.n ? 0 : EFAULT;
	n = ms.n;
	err = messages_in(c, &ms);
	c->a[arg->other] = ms.n;
	if (!err)
		return 0;
	ms.n = 1;
	ms.total = 0;
	for (k = 0; k < n; k++) {
		c->err = 0;
		c->n = 0;
		vec[k] = user[k];
		ms.base = (u8 *)&vec[k];
		err = messages_in(c, &ms);
		if (err || !ms.n)
			break;
	}
	c->err = 0;
	c->n = 0;
	c->a[arg->other] = k;
	if (err)
		user[k].msg_len = (unsigned)-err;
	return k ? 0 : err;
}

/* recvmmsg() would have gone on to a message that is wrong: the socket's next call tells. */
static void tell_later(const struct args *c, int err)
{
	struct file *f = c->h->u ? fd_lookup(c->h->u->task->proc->files, (int)c->h->args[0]) : NULL;
	struct sock *sk = f ? sock_from_file(f) : NULL;

	if (sk && err)
		sk->err = err;
}

int args_mmsg_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	struct mmsghdr *vec = (struct mmsghdr *)(uintptr_t)c->a[i];
	u32 n = min((u32)c->h->args[arg->other], (u32)UIO_MAX), done = (u32)c->a[arg->other];
	const struct mmsghdr *user = vec + n;

	if (arg->kind == MMSG_OUT && done < n && result == done)
		tell_later(c, (int)user[done].msg_len);
	for (u32 k = 0; k < min((u32)result, done); k++) {
		u64 at = c->h->args[i] + k * sizeof(*vec);

		if (arg->kind == MMSG_OUT)
			msghdr_out(c, at, &vec[k].msg_hdr, &user[k].msg_hdr, vec[k].msg_len);
		args_piece(c, at + offsetof(struct mmsghdr, msg_len), &vec[k].msg_len,
			   sizeof(vec[k].msg_len));
	}
	return 0;
}
