/* SPDX-License-Identifier: MIT */
/*
 * Arguments whose kind depends on a command: ioctl(2), fcntl(2), prctl(2). A command that is not here
 * gets no memory: its argument is a number, or nothing serves it.
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "sim/process/hosted_args.h"

enum direction { READ = 1, WRITE = 2, BOTH = 3 };

struct command {
	u32 cmd;
	u8 direction; /* READ: the call reads the program's memory */
	u8 size;
};

static const struct command ioctls[] = {
	{ FIONREAD, WRITE, 4 },
	{ SIOCOUTQ, WRITE, 4 },
	{ SIOCOUTQNSD, WRITE, 4 },
	{ SIOCATMARK, WRITE, 4 },
	{ FIONBIO, READ, 4 },
	{ FIOASYNC, READ, 4 },
	{ FIOSETOWN, READ, 4 },
	{ SIOCSPGRP, READ, 4 },
	{ FIOGETOWN, WRITE, 4 },
	{ SIOCGPGRP, WRITE, 4 },
	{ SIOCGSTAMP_OLD, WRITE, 16 },
	{ SIOCGSTAMPNS_OLD, WRITE, 16 },
	{ SIOCGSTAMP_NEW, WRITE, 16 },
	{ SIOCGSTAMPNS_NEW, WRITE, 16 },
	{ SIOCGIFNAME, BOTH, sizeof(struct ifreq) },
	{ SIOCGIFINDEX, BOTH, sizeof(struct ifreq) },
	{ SIOCGIFFLAGS, BOTH, sizeof(struct ifreq) },
	{ SIOCSIFFLAGS, READ, sizeof(struct ifreq) },
	{ SIOCGIFADDR, BOTH, sizeof(struct ifreq) },
	{ SIOCSIFADDR, READ, sizeof(struct ifreq) },
	{ SIOCGIFDSTADDR, BOTH, sizeof(struct ifreq) },
	{ SIOCGIFBRDADDR, BOTH, sizeof(struct ifreq) },
	{ SIOCGIFNETMASK, BOTH, sizeof(struct ifreq) },
	{ SIOCSIFNETMASK, READ, sizeof(struct ifreq) },
	{ SIOCGIFMETRIC, BOTH, sizeof(struct ifreq) },
	{ SIOCGIFMTU, BOTH, sizeof(struct ifreq) },
	{ SIOCSIFMTU, READ, sizeof(struct ifreq) },
	{ SIOCGIFHWADDR, BOTH, sizeof(struct ifreq) },
	{ SIOCGIFTXQLEN, BOTH, sizeof(struct ifreq) },
	{ SIOCSIFTXQLEN, READ, sizeof(struct ifreq) },
};

static const struct command fcntls[] = {
	{ F_SETOWN_EX, READ, 8 },
	{ F_GETOWN_EX, WRITE, 8 },
	{ F_GETLK, BOTH, sizeof(struct flock) },
	{ F_SETLK, READ, sizeof(struct flock) },
	{ F_SETLKW, READ, sizeof(struct flock) },
};

static const struct command prctls[] = {
	{ PR_SET_NAME, READ, 16 },
	{ PR_GET_NAME, WRITE, 16 },
	{ PR_GET_PDEATHSIG, WRITE, 4 },
	{ PR_GET_CHILD_SUBREAPER, WRITE, 4 },
};

static const struct command *find(const struct command *table, size_t n, u32 cmd)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].cmd == cmd)
			return &table[i];
	}
	return NULL;
}

static const struct command *command_of(const struct hosted *h, int i)
{
	u32 cmd = (u32)h->args[i - 1];

	switch (h->nr) {
	case SYS_ioctl:
		return find(ioctls, ARRAY_SIZE(ioctls), cmd);
	case SYS_fcntl:
		return find(fcntls, ARRAY_SIZE(fcntls), cmd);
	default:
		return find(prctls, ARRAY_SIZE(prctls), cmd);
	}
}

/* struct ifconf holds a length and a pointer to room. */
static int ifconf_in(struct hosted *h, u64 addr, s64 *value)
{
	struct ifconf *c = args_copy(h, addr, sizeof(*c));

	*value = (s64)(uintptr_t)c;
	if (!c)
		return -EFAULT;
	if (c->ifc_len < 0)
		return -EINVAL;
	if (c->ifc_buf)
		c->ifc_buf = hosted_alloc(h, (size_t)c->ifc_len);
	return 0;
}

static int ifconf_out(struct hosted *h, u64 addr, const struct ifconf *c)
{
	struct ifconf user;

	if (hosted_read(h, addr, &user, sizeof(user)) < 0)
		return -EFAULT;
	if (user.ifc_buf &&
	    hosted_write(h, (u64)(uintptr_t)user.ifc_buf, c->ifc_buf,
			 (size_t)min(user.ifc_len, c->ifc_len)) < 0)
		return -EFAULT;
	user.ifc_len = c->ifc_len;
	return hosted_write(h, addr, &user, sizeof(user));
}

int args_command_in(struct hosted *h, int i, s64 *value)
{
	const struct command *c = command_of(h, i);
	u64 addr = h->args[i];
	void *p;

	if (h->nr == SYS_ioctl && (u32)h->args[1] == SIOCGIFCONF)
		return addr ? ifconf_in(h, addr, value) : -EFAULT;
	if (!c) {
		*value = h->nr == SYS_ioctl ? 0 : (s64)addr;
		return 0;
	}
	if (c->direction & READ) {
		p = args_copy(h, addr, c->size);
		if (!p)
			return -EFAULT;
	} else {
		if (!addr)
			return -EFAULT;
		p = hosted_alloc(h, c->size);
		memset(p, 0, c->size);
	}
	*value = (s64)(uintptr_t)p;
	return 0;
}

int args_command_out(struct hosted *h, int i, s64 value)
{
	const struct command *c = command_of(h, i);

	if (h->nr == SYS_ioctl && (u32)h->args[1] == SIOCGIFCONF)
		return ifconf_out(h, h->args[i], (const struct ifconf *)(uintptr_t)value);
	if (!c || !(c->direction & WRITE))
		return 0;
	return hosted_write(h, h->args[i], (const void *)(uintptr_t)value, c->size);
}
