/* SPDX-License-Identifier: MIT */
/*
 * timerfd_create(2). All clocks are virtual time, which nobody sets, so cancelling on a change of
 * the clock never happens.
 */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>

#include "stack/capability.h"
#include "stack/syscalls.h"
#include "stack/timers.h"

struct timerfd {
	nsec_t clock_offset; /* what the clock shows at virtual time 0 */
	struct timer timer;
	struct host *host;
	nsec_t expires; /* of the armed timer, or of its latest expiry; 0: disarmed */
	nsec_t interval;
	bool expired;
	u64 ticks;
	struct wait_queue_head wq;
};

static void timerfd_fire(struct timer *timer)
{
	struct timerfd *tf = container_of(timer, struct timerfd, timer);

	tf->expired = true;
	tf->ticks++;
	wake_up(&tf->wq, EPOLLIN);
}

/* A periodic timer fires once, and catches up when somebody looks (hrtimer_forward_now()). */
static void timerfd_catch_up(struct timerfd *tf)
{
	u64 missed;

	if (!tf->expired || !tf->interval)
		return;
	tf->expired = false;
	missed = (u64)((host_now(tf->host) - tf->expires) / tf->interval);
	tf->ticks += missed;
	tf->expires += (nsec_t)(missed + 1) * tf->interval;
	timer_mod(&tf->timer, tf->expires);
}

static s64 timerfd_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	struct timerfd *tf = f->priv;
	u64 ticks;

	if (to->total < sizeof(ticks))
		return -EINVAL;
	if (!tf->ticks)
		return task_wait_on(t, &tf->wq, false, EPOLLIN,
				    f->flags & O_NONBLOCK ? 0 : NSEC_NEVER, "timerfd");
	timerfd_catch_up(tf);
	ticks = tf->ticks;
	tf->ticks = 0;
	tf->expired = false;
	iov_copy_to(to, 0, &ticks, sizeof(ticks));
	return sizeof(ticks);
}

static u32 timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *tf = f->priv;

	poll_wait(pt, &tf->wq);
	return tf->ticks ? EPOLLIN : 0;
}

static s64 timerfd_ioctl(struct task *t, struct file *f, unsigned cmd, void *arg)
{
	struct timerfd *tf = f->priv;

	if (cmd != _IOW('T', 0, u64))
		return -ENOTTY;
	if (!arg)
		return -EFAULT;
	if (!*(u64 *)arg)
		return -EINVAL;
	tf->ticks = *(u64 *)arg;
	wake_up(&tf->wq, EPOLLIN);
	return 0;
}

static s64 timerfd_release(struct task *t, struct file *f)
{
	struct timerfd *tf = f->priv;

	timer_del(&tf->timer);
	free(tf);
	return 0;
}

static const struct file_ops timerfd_ops = {
	.kind = "timerfd",
	.read = timerfd_read,
	.poll = timerfd_poll,
	.ioctl = timerfd_ioctl,
	.release = timerfd_release,
	.llseek = noop_llseek,
};

s64 sys_timerfd_create(struct task *t, int clock, int flags)
{
	struct timerfd *tf;
	struct file *f;
	int fd;

	if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME &&
	    clock != CLOCK_REALTIME_ALARM && clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	if ((clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) &&
	    !capable(t, CAP_WAKE_ALARM))
		return -EPERM;
	tf = xcalloc(1, sizeof(*tf));
	tf->host = t->host;
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM)
		tf->clock_offset = t->host->world->epoch;
	timer_init(&tf->timer, t->host, timerfd_fire);
	wait_queue_init(&tf->wq, t->host);
	f = file_new(t->host, &timerfd_ops, tf, O_RDWR | (flags & TFD_NONBLOCK), 0600);
	fd = fd_install(t, f, 0, flags & TFD_CLOEXEC);
	if (fd < 0)
		file_put(NULL, f);
	return fd;
}

static void timerfd_get(struct timerfd *tf, struct itimerspec *value)
{
	nsec_t left = 0;

	timerfd_catch_up(tf);
	if (timer_pending(&tf->timer))
		left = max(tf->expires - host_now(tf->host), 1);
	value->it_value = ns_to_timespec(left);
	value->it_interval = ns_to_timespec(tf->interval);
}

static struct timerfd *timerfd_lookup(struct task *t, int fd, s64 *err)
{
	struct file *f = fd_file(t, fd);

	*err = !f ? -EBADF : f->ops != &timerfd_ops ? -EINVAL : 0;
	return *err ? NULL : f->priv;
}

s64 sys_timerfd_settime(struct task *t, int fd, int flags, const struct itimerspec *new_value,
			struct itimerspec *old_value)
{
	struct timerfd *tf;
	nsec_t value;
	s64 err;

	if (!new_value)
		return -EFAULT;
	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) ||
	    !timespec_valid(&new_value->it_value) || !timespec_valid(&new_value->it_interval))
		return -EINVAL;
	tf = timerfd_lookup(t, fd, &err);
	if (!tf)
		return err;
	if (old_value)
		timerfd_get(tf, old_value);
	timer_del(&tf->timer);
	tf->ticks = 0;
	tf->expired = false;
	tf->interval = timespec_to_ns(&new_value->it_interval);
	value = timespec_to_ns(&new_value->it_value);
	if (!value)
		return 0;
	if (flags & TFD_TIMER_ABSTIME)
		tf->expires = max(value - tf->clock_offset, host_now(t->host));
	else
		tf->expires = host_now(t->host) + value;
	timer_mod(&tf->timer, tf->expires);
	return 0;
}

s64 sys_timerfd_gettime(struct task *t, int fd, struct itimerspec *value)
{
	s64 err;
	struct timerfd *tf = timerfd_lookup(t, fd, &err);

	if (!tf)
		return err;
	if (!value)
		return -EFAULT;
	timerfd_get(tf, value);
	return 0;
}
