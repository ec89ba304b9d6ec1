/* SPDX-License-Identifier: MIT */
/*
 * Arguments of calls as strace(1) prints them: names for constants, buffers as strings, structures
 * by field. Addresses never appear: what is not followed is "...", so that traces of equal runs are
 * equal.
 */
#include "stack/syscall_format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stack/syscall_table.h"

#define MAX_STRING 32

void sb_printf(struct sbuf *sb, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (sb->pos + 1 >= sb->len)
		return;
	va_start(ap, fmt);
	n = vsnprintf(sb->buf + sb->pos, sb->len - sb->pos, fmt, ap);
	va_end(ap);
	if (n > 0)
		sb->pos = min(sb->pos + (size_t)n, sb->len - 1);
}

void sb_bytes(struct sbuf *sb, const void *data, size_t len)
{
	const u8 *p = data;

	if (!data) {
		sb_printf(sb, "NULL");
		return;
	}
	sb_printf(sb, "\"");
	for (size_t i = 0; i < min(len, (size_t)MAX_STRING); i++) {
		if (p[i] == '\n')
			sb_printf(sb, "\\n");
		else if (p[i] == '\r')
			sb_printf(sb, "\\r");
		else if (p[i] == '\t')
			sb_printf(sb, "\\t");
		else if (p[i] == '"' || p[i] == '\\')
			sb_printf(sb, "\\%c", p[i]);
		else if (p[i] >= ' ' && p[i] < 127)
			sb_printf(sb, "%c", p[i]);
		else if (i + 1 < len && p[i + 1] >= '0' && p[i + 1] <= '9')
			sb_printf(sb, "\\%03o", p[i]);
		else
			sb_printf(sb, "\\%o", p[i]);
	}
	sb_printf(sb, "\"%s", len > MAX_STRING ? "..." : "");
}

void sb_flags(struct sbuf *sb, u64 flags, const struct flag_name *names, size_t n)
{
	const char *sep = "";

	if (!flags)
		sb_printf(sb, "0");
	for (size_t i = 0; i < n; i++) {
		if (flags & names[i].bit) {
			sb_printf(sb, "%s%s", sep, names[i].name);
			flags &= ~names[i].bit;
			sep = "|";
		}
	}
	if (flags)
		sb_printf(sb, "%s%#llx", sep, (unsigned long long)flags);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

#define N(x) { x, #x }
static const struct flag_name poll_names[] = {
	N(POLLIN), N(POLLPRI), N(POLLOUT), N(POLLERR), N(POLLHUP), N(POLLNVAL), N(POLLRDNORM),
	N(POLLRDBAND), N(POLLWRNORM), N(POLLWRBAND), N(POLLMSG), N(POLLRDHUP),
};
static const struct flag_name epoll_names[] = {
	N(EPOLLIN), N(EPOLLPRI), N(EPOLLOUT), N(EPOLLRDNORM), N(EPOLLRDBAND), N(EPOLLWRNORM),
	N(EPOLLWRBAND), N(EPOLLMSG), N(EPOLLERR), N(EPOLLHUP), N(EPOLLRDHUP), N(EPOLLEXCLUSIVE),
	N(EPOLLWAKEUP), N(EPOLLONESHOT), { 1u << 31, "EPOLLET" },
};

/* EFD_, EPOLL_ and O_ flags of these are the same bits. */
static const struct flag_name open_names[] = {
	N(O_CLOEXEC), N(O_NONBLOCK), N(O_DIRECT), { 1, "EFD_SEMAPHORE" },
};

static const struct flag_name file_names[] = {
	N(O_CREAT), N(O_EXCL), N(O_NOCTTY), N(O_TRUNC), N(O_APPEND), N(O_NONBLOCK), N(O_DSYNC),
	N(O_DIRECT), N(O_NOFOLLOW), N(O_NOATIME), N(O_CLOEXEC), N(O_PATH), N(O_DIRECTORY),
};

static void sb_open_flags(struct sbuf *sb, u64 flags)
{
	static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "3" };

	sb_printf(sb, "%s", modes[flags & O_ACCMODE]);
	flags &= ~(u64)O_ACCMODE;
	if (!flags)
		return;
	sb_printf(sb, "|");
	sb_flags(sb, flags, file_names, ARRAY_SIZE(file_names));
}

static void sb_futex_op(struct sbuf *sb, int op)
{
	static const char *const names[] = {
		"FUTEX_WAIT", "FUTEX_WAKE", "FUTEX_FD", "FUTEX_REQUEUE", "FUTEX_CMP_REQUEUE",
		"FUTEX_WAKE_OP", "FUTEX_LOCK_PI", "FUTEX_UNLOCK_PI", "FUTEX_TRYLOCK_PI",
		"FUTEX_WAIT_BITSET", "FUTEX_WAKE_BITSET", "FUTEX_WAIT_REQUEUE_PI",
		"FUTEX_CMP_REQUEUE_PI", "FUTEX_LOCK_PI2",
	};
	int cmd = op & ~(128 | 256);

	if (cmd >= 0 && cmd < (int)ARRAY_SIZE(names))
		sb_printf(sb, "%s", names[cmd]);
	else
		sb_printf(sb, "%d", cmd);
	if (op & 128)
		sb_printf(sb, "_PRIVATE");
	if (op & 256)
		sb_printf(sb, "|FUTEX_CLOCK_REALTIME");
}

static void sb_pollfds(struct sbuf *sb, const struct pollfd *fds, unsigned nfds, bool exit)
{
	if (!fds) {
		sb_printf(sb, "NULL");
		return;
	}
	sb_printf(sb, "[");
	for (unsigned i = 0; i < min(nfds, 16u); i++) {
		sb_printf(sb, "%s{fd=%d, events=", i ? ", " : "", fds[i].fd);
		sb_flags(sb, (u16)fds[i].events, poll_names, ARRAY_SIZE(poll_names));
		if (exit && fds[i].revents) {
			sb_printf(sb, ", revents=");
			sb_flags(sb, (u16)fds[i].revents, poll_names, ARRAY_SIZE(poll_names));
		}
		sb_printf(sb, "}");
	}
	sb_printf(sb, "%s]", nfds > 16 ? ", ..." : "");
}

static void sb_epoll_event(struct sbuf *sb, const struct epoll_event *ev)
{
	if (!ev) {
		sb_printf(sb, "NULL");
		return;
	}
	/*
	 * data may hold an address of the simulator: only numbers that look like a descriptor show.
	 */
	sb_printf(sb, "{events=");
	sb_flags(sb, ev->events, epoll_names, ARRAY_SIZE(epoll_names));
	if (ev->data.u64 <= INT32_MAX)
		sb_printf(sb, ", data=%llu}", (unsigned long long)ev->data.u64);
	else
		sb_printf(sb, ", data=...}");
}

static void sb_epoll_events(struct sbuf *sb, const struct epoll_event *ev, s64 n)
{
	sb_printf(sb, "[");
	for (s64 i = 0; i < min(n, 16); i++) {
		struct epoll_event copy = ev[i];

		sb_printf(sb, "%s", i ? ", " : "");
		sb_epoll_event(sb, &copy);
	}
	sb_printf(sb, "%s]", n > 16 ? ", ..." : "");
}

static void sb_timespec(struct sbuf *sb, const struct timespec *ts)
{
	if (ts)
		sb_printf(sb, "{tv_sec=%lld, tv_nsec=%lld}", (long long)ts->tv_sec,
			  (long long)ts->tv_nsec);
	else
		sb_printf(sb, "NULL");
}

static void sb_sigset(struct sbuf *sb, const struct sigset *set)
{
	const char *sep = "";

	if (!set) {
		sb_printf(sb, "NULL");
		return;
	}
	sb_printf(sb, "[");
	for (int sig = 1; sig <= SIG_MAX; sig++) {
		if (!(set->bits >> (sig - 1) & 1))
			continue;
		sb_printf(sb, "%s%s", sep, signal_name(sig) + 3);
		sep = " ";
	}
	sb_printf(sb, "]");
}

static void sb_pointer(struct sbuf *sb, s64 v)
{
	sb_printf(sb, v ? "..." : "NULL");
}

/* A number, or a structure. */
static void sb_fcntl_arg(struct sbuf *sb, int cmd, s64 v)
{
	switch (cmd) {
	case F_SETOWN_EX:
	case F_GETOWN_EX:
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
	case F_GET_RW_HINT:
	case F_SET_RW_HINT:
	case F_GET_FILE_RW_HINT:
	case F_SET_FILE_RW_HINT:
		sb_pointer(sb, v);
		break;
	default:
		sb_printf(sb, "%lld", v == (u32)v ? (long long)(int)v : (long long)v);
		break;
	}
}

static void sb_epoll_op(struct sbuf *sb, int op)
{
	static const char *const names[] = { "EPOLL_CTL_ADD", "EPOLL_CTL_DEL", "EPOLL_CTL_MOD" };

	if (op >= 1 && op <= 3)
		sb_printf(sb, "%s", names[op - 1]);
	else
		sb_printf(sb, "%d", op);
}

/* ---- by letter ------------------------------------------------------------------------------- */

struct format_ctx {
	struct sbuf sb;
	const struct syscall_req *req;
	s64 result;
	bool exit;
};

#define PTR(v) ((void *)(uintptr_t)(v))

/* Plain values. False: another kind. */
static bool format_scalar(struct format_ctx *fc, char letter, s64 v)
{
	struct sbuf *sb = &fc->sb;

	switch (letter) {
	case 'd':
	case 'f':
		sb_printf(sb, "%lld", v == (u32)v ? (long long)(int)v : (long long)v);
		return true;
	case 'u':
		sb_printf(sb, "%llu", (unsigned long long)v);
		return true;
	case 'x':
		sb_printf(sb, v ? "%#llx" : "%llx", (unsigned long long)v);
		return true;
	case 'p':
		sb_pointer(sb, v);
		return true;
	case 'g':
		if (v >= 1 && v <= SIG_MAX)
			sb_printf(sb, "%s", signal_name((int)v));
		else
			sb_printf(sb, "%lld", (long long)v);
		return true;
	case 'X':
		sb_flags(sb, (u64)v, open_names, ARRAY_SIZE(open_names));
		return true;
	case 'P':
		sb_protocol(sb, (int)v);
		return true;
	case 'R':
		sb_open_flags(sb, (u64)v);
		return true;
	case 'U':
		sb_futex_op(sb, (int)v);
		return true;
	case 'C':
		sb_epoll_op(sb, (int)v);
		return true;
	case 'F':
		sb_family(sb, (int)v);
		return true;
	case 'K':
	case 'k':
		if (letter == 'k' && !v)
			sb_printf(sb, "0");
		else
			sb_socket_type(sb, (int)v);
		return true;
	case 'm':
		sb_msg_flags(sb, (int)v);
		return true;
	case 'L':
		sb_sockopt_level(sb, (int)v);
		return true;
	default:
		return false;
	}
}

/* What the call reads from memory. */
static bool format_in(struct format_ctx *fc, char letter, int i)
{
	const s64 *a = fc->req->a;
	struct sbuf *sb = &fc->sb;

	switch (letter) {
	case 'b':
		sb_bytes(sb, PTR(a[i]), (size_t)a[i + 1]);
		return true;
	case 'a':
		sb_sockaddr(sb, PTR(a[i]), (socklen_t)a[i + 1]);
		return true;
	case 'h':
		sb_msghdr(sb, PTR(a[i]), SIZE_MAX);
		return true;
	case 'v':
		sb_iovec(sb, PTR(a[i]), (size_t)a[i + 1], SIZE_MAX);
		return true;
	case 'W':
		sb_pollfds(sb, PTR(a[i]), (unsigned)a[i + 1], fc->exit);
		return true;
	case 'e':
		sb_epoll_event(sb, PTR(a[i]));
		return true;
	case 't':
		sb_timespec(sb, PTR(a[i]));
		return true;
	case 's':
		sb_sigset(sb, PTR(a[i]));
		return true;
	case 'S':
		sb_bytes(sb, PTR(a[i]), a[i] ? strnlen(PTR(a[i]), 256) : 0);
		return true;
	case 'c':
		sb_fcntl_arg(sb, (int)a[i - 1], a[i]);
		return true;
	case 'O':
		sb_sockopt_name(sb, (int)a[i - 1], (int)a[i]);
		return true;
	case 'o':
		sb_sockopt_value(sb, (int)a[i - 2], (int)a[i - 1], PTR(a[i]), (socklen_t)a[i + 1]);
		return true;
	default:
		return false;
	}
}

/* What the call has written: only after it has succeeded. */
static void format_out(struct format_ctx *fc, char letter, int i)
{
	const s64 *a = fc->req->a;
	struct sbuf *sb = &fc->sb;
	void *p = PTR(a[i]);
	/* What is left of a sleep is told to who was interrupted only. */
	bool told = letter == 'Z' ? fc->result == -EINTR : fc->result >= 0;

	if (!p || !fc->exit || !told) {
		sb_pointer(sb, a[i]);
		return;
	}
	switch (letter) {
	case 'B':
		sb_bytes(sb, p, (size_t)min(fc->result, a[i + 1]));
		break;
	case 'A':
		if (a[i + 1])
			sb_sockaddr(sb, p, *(socklen_t *)PTR(a[i + 1]));
		else
			sb_pointer(sb, a[i]);
		break;
	case 'l':
		sb_printf(sb, "[%u]", *(socklen_t *)p);
		break;
	case 'H':
		sb_msghdr(sb, p, (size_t)fc->result);
		break;
	case 'V':
		sb_iovec(sb, p, (size_t)a[i + 1], (size_t)fc->result);
		break;
	case 'E':
		sb_epoll_events(sb, p, fc->result);
		break;
	case 'Z':
	case 'T':
		sb_timespec(sb, p);
		break;
	case 'i':
		sb_printf(sb, "[%d, %d]", ((int *)p)[0], ((int *)p)[1]);
		break;
	case 'I':
		sb_printf(sb, "[%d]", *(int *)p);
		break;
	case 'Q':
		sb_sockopt_value(sb, (int)a[i - 2], (int)a[i - 1], p,
				 a[i + 1] ? *(socklen_t *)PTR(a[i + 1]) : 0);
		break;
	default:
		sb_pointer(sb, a[i]);
		break;
	}
}

void syscall_format(struct task *t, const struct syscall_req *req, s64 result, bool exit, char *buf,
		    size_t len)
{
	const struct syscall_entry *e = syscall_entry(req->nr);
	struct format_ctx fc = { .sb = { buf, len, 0 }, .req = req, .result = result,
				 .exit = exit };

	buf[0] = 0;
	if (!e) {
		sb_printf(&fc.sb, "%d", req->nr);
		return;
	}
	for (int i = 0; e->args[i]; i++) {
		if (i)
			sb_printf(&fc.sb, ", ");
		if (!format_scalar(&fc, e->args[i], req->a[i]) && !format_in(&fc, e->args[i], i))
			format_out(&fc, e->args[i], i);
	}
}
