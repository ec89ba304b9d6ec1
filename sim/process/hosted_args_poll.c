/* SPDX-License-Identifier: MIT */
/*
 * Arguments of calls that wait for descriptors or signals: poll(2), select(2), sigsetops(3).
 */
#include <poll.h>
#include <string.h>
#include <sys/select.h>

#include "sim/process/hosted_args.h"
#include "stack/poll.h"

#define NO_LIMIT (1u << 20) /* descriptors, where there is no process */

/* ---- poll, select -------------------------------------------------------------------------------- */

int args_pollfds_in(struct args *c, const struct arg *arg, int i)
{
	u32 n = (u32)c->h->args[arg->other];
	struct pollfd *fds;

	if (n > (c->h->u ? c->h->u->task->proc->nofile : NO_LIMIT))
		return -EINVAL;
	if (!n || !c->h->args[i])
		return 0;
	fds = args_room(c, i, 2 * n * sizeof(*fds));
	args_piece(c, c->h->args[i], fds, n * sizeof(*fds));
	args_piece(c, c->h->args[i], fds + n, n * sizeof(*fds));
	return 0;
}

/* Only revents: another thread may have changed the rest while this one waited. After EINTR too. */
int args_pollfds_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	u32 n = (u32)c->h->args[arg->other];
	struct pollfd *fds = args_pointer(c, i);

	for (u32 k = 0; k < n; k++) {
		if (fds[k].revents != fds[n + k].revents)
			args_piece(c,
				   c->h->args[i] + k * sizeof(*fds) +
					   offsetof(struct pollfd, revents),
				   &fds[k].revents, sizeof(fds[k].revents));
	}
	return 0;
}

/*
 * Descriptors beyond the process's table are not looked at, and their bits not copied; the table may grow
 * while the call waits, so that the call sees 1024 at least. Before the set stands how much was copied. A
 * negative number is refused by the call.
 */
int args_fd_set_in(struct args *c, const struct arg *arg, int i)
{
	int most = c->h->u ? select_max_fds(c->h->u->task->proc->files) : FD_SETSIZE;
	int bits = max((int)c->h->args[arg->other], 0);
	size_t size = (size_t)(min(bits, most) + 63) / 64 * 8;
	u64 *set;

	if (bits > FD_SETSIZE)
		c->a[arg->other] = bits = min(bits, max(most, FD_SETSIZE));
	set = args_cleared(c, i, sizeof(*set) + max(size, sizeof(fd_set)));
	*set++ = size;
	c->a[i] = (s64)(uintptr_t)set;
	args_piece(c, c->h->args[i], set, size);
	return 0;
}

int args_fd_set_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	u64 *set = args_pointer(c, i);

	args_piece(c, c->h->args[i], set, set[-1]);
	return 0;
}

/* ---- signal sets --------------------------------------------------------------------------------- */

int args_sigset_in(struct args *c, const struct arg *arg, int i)
{
	if (c->h->args[arg->other] != SIGSET_SIZE)
		return -EINVAL;
	if (c->h->args[i])
		args_piece(c, c->h->args[i], args_room(c, i, SIGSET_SIZE), SIGSET_SIZE);
	return 0;
}

int args_sigset_room(struct args *c, const struct arg *arg, int i)
{
	if (c->h->args[arg->other] > SIGSET_SIZE)
		return -EINVAL;
	if (c->h->args[i])
		args_cleared(c, i, SIGSET_SIZE);
	return 0;
}

int args_sigset_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	args_piece(c, c->h->args[i], args_pointer(c, i), c->h->args[arg->other]);
	return 0;
}

int args_sigset_pair_in(struct args *c, const struct arg *arg, int i)
{
	u64 *pair = args_copy(c, c->h->args[i], 16), addr;

	if (!pair)
		return -EFAULT;
	c->a[i] = (s64)(uintptr_t)pair;
	addr = pair[0];
	if (!addr)
		return 0;
	if (pair[1] != SIGSET_SIZE)
		return -EINVAL;
	pair[0] = (u64)(uintptr_t)hosted_alloc(c->h, SIGSET_SIZE);
	args_piece(c, addr, (void *)(uintptr_t)pair[0], SIGSET_SIZE);
	return 0;
}
