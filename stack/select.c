/* SPDX-License-Identifier: MIT */
/*
 * select(2) and pselect6(2). The sets are written only when the call has a result.
 */
#include <stdlib.h>
#include <string.h>

#include "stack/poll.h"

#define POLLIN_SET (EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR | POLLNVAL)
#define POLLOUT_SET (EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR | POLLNVAL)
#define POLLEX_SET (EPOLLPRI | POLLNVAL)

enum { SET_IN, SET_OUT, SET_EX, NSETS };

static const u32 set_events[NSETS] = { POLLIN_SET, POLLOUT_SET, POLLEX_SET };

static bool bit(const void *set, int fd)
{
	return set && (((const u64 *)set)[fd / 64] >> (fd % 64) & 1);
}

static u32 wanted(fd_set *const sets[NSETS], int fd)
{
	u32 mask = 0;

	for (int i = 0; i < NSETS; i++) {
		if (bit(sets[i], fd))
			mask |= set_events[i];
	}
	return mask;
}

/* The events of one descriptor that the sets ask for, as bits of enum. */
static u32 select_one(struct task *t, fd_set *const sets[NSETS], int fd, bool link)
{
	u32 mask = wanted(sets, fd), events, found = 0;
	struct file *f;

	if (!mask)
		return 0;
	f = fd_lookup(t->proc->files, fd);
	events = f ? poll_file(t, f, mask | EPOLLERR | EPOLLHUP, link) : POLLNVAL;
	for (int i = 0; i < NSETS; i++) {
		if (bit(sets[i], fd) && events & set_events[i])
			found |= 1u << i;
	}
	return found;
}

static s64 check_open(struct task *t, int n, fd_set *const sets[NSETS], u32 *count)
{
	*count = 0;
	for (int fd = 0; fd < n; fd++) {
		if (!wanted(sets, fd))
			continue;
		if (!fd_lookup(t->proc->files, fd))
			return -EBADF;
		++*count;
	}
	return 0;
}

/*
 * Scans all descriptors; with out, stores what was found there (n bits each, rounded up to words).
 */
static int scan(struct task *t, int n, fd_set *const sets[NSETS], u64 *const out[NSETS], bool link)
{
	int ready = 0;

	for (int fd = 0; fd < n; fd++) {
		u32 found = select_one(t, sets, fd, link && !ready);

		for (int i = 0; found && i < NSETS; i++) {
			if (!(found >> i & 1))
				continue;
			ready++;
			if (out[i])
				out[i][fd / 64] |= 1ull << (fd % 64);
		}
	}
	return ready;
}

static s64 select_finish(int n, fd_set *const sets[NSETS], u64 *const out[NSETS], int ready)
{
	for (int i = 0; i < NSETS; i++) {
		if (sets[i])
			memcpy(sets[i], out[i], (size_t)(n + 63) / 64 * 8);
	}
	return ready;
}

/* Descriptors beyond it are not looked at, not even for EBADF. */
int select_max_fds(const struct files_struct *fs)
{
	u32 size = 256;

	if (fs->top <= 64)
		return 64;
	while (size < fs->top)
		size *= 2;
	return (int)size;
}

static s64 select_sets(struct task *t, int n, fd_set *const sets[NSETS], u64 *const res[NSETS],
		       nsec_t timeo)
{
	struct syscall_ctx *ctx = task_ctx(t);
	bool link = !ctx->started && timeo > 0;
	u32 count;
	int ready;
	s64 ret;

	if (!ctx->started) {
		ret = check_open(t, n, sets, &count);
		if (ret)
			return ret;
		if (link)
			poll_entries_reserve(task_utask(t), count);
	}
	ctx->started = true;
	ready = scan(t, n, sets, res, link);
	if (ready)
		return select_finish(n, sets, res, ready);
	ret = task_wait_on(t, NULL, false, 0, timeo, "select");
	if (ret == -EAGAIN)
		return select_finish(n, sets, res, 0);
	return ret == -ERESTARTSYS ? -ERESTARTNOHAND : ret;
}

/* Sets may be larger than the C library's, for descriptors that are. */
static s64 do_select(struct task *t, int n, fd_set *in, fd_set *out, fd_set *ex, nsec_t timeo)
{
	fd_set *const sets[NSETS] = { in, out, ex };
	u64 few[NSETS * FD_SETSIZE / 64] = { 0 }, *bits = few;
	size_t words;
	s64 ret;

	if (n < 0)
		return -EINVAL;
	n = min(n, select_max_fds(t->proc->files));
	words = (size_t)(n + 63) / 64;
	if (n > FD_SETSIZE)
		bits = xcalloc(NSETS * words, sizeof(*bits));
	ret = select_sets(t, n, sets, (u64 *[]){ bits, bits + words, bits + 2 * words }, timeo);
	if (bits != few)
		free(bits);
	return ret;
}

s64 sys_select(struct task *t, int n, fd_set *in, fd_set *out, fd_set *ex, struct timeval *timeout)
{
	nsec_t timeo = NSEC_NEVER, left;
	s64 ret;

	if (timeout) {
		struct timespec ts = { .tv_sec = (time_t)((u64)timeout->tv_sec + (u64)(timeout->tv_usec / 1000000)),
				       .tv_nsec = timeout->tv_usec % 1000000 * NSEC_PER_USEC };

		ret = timespec_timeo(&ts, &timeo);
		if (ret)
			return ret;
	}
	ret = do_select(t, n, in, out, ex, timeo);
	if (timeout && ret != -EPARK) {
		left = poll_time_left(t, timeo);
		timeout->tv_sec = left / NSEC_PER_SEC;
		timeout->tv_usec = left % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	return ret;
}

s64 sys_pselect6(struct task *t, int n, fd_set *in, fd_set *out, fd_set *ex,
		 struct timespec *timeout, const struct sigset *mask)
{
	nsec_t timeo, left;
	s64 ret = timespec_timeo(timeout, &timeo);

	if (ret)
		return ret;
	task_swap_mask(t, mask);
	ret = do_select(t, n, in, out, ex, timeo);
	if (timeout && ret != -EPARK) {
		left = poll_time_left(t, timeo);
		timeout->tv_sec = left / NSEC_PER_SEC;
		timeout->tv_nsec = left % NSEC_PER_SEC;
	}
	return ret;
}
