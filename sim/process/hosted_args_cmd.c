/* SPDX-License-Identifier: MIT */
/*
 * Arguments whose kind depends on a command: ioctl(2), fcntl(2), prctl(2), setsockopt(2). A command
 * that is not here gets no memory: its argument is a number, or nothing serves it.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sim/process/hosted_args.h"
#include "stack/ethtool.h"
#include "stack/sockopt.h"

#define OPTION_MAX (1 << 20)
#define IFCONF_MAX (1 << 20)

/* READ: the call reads the program's memory. NAME: a string, cut to the size. */
enum direction { NUMBER = 0, READ = 1, WRITE = 2, BOTH = 3, NAME = 4 };

struct command {
	u32 cmd;
	u8 direction;
	u16 size;
};

#define IFREQ sizeof(struct ifreq)
/* linux/timerfd.h: TFD_IOC_SET_TICKS */
#define TIMERFD_SET_TICKS _IOW('T', 0, u64)

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
	{ RNDGETENTCNT, WRITE, 4 },
	{ TIMERFD_SET_TICKS, READ, 8 },
	{ SIOCGIFNAME, BOTH, IFREQ },
	{ SIOCGIFINDEX, BOTH, IFREQ },
	{ SIOCGIFFLAGS, BOTH, IFREQ },
	{ SIOCSIFFLAGS, READ, IFREQ },
	{ SIOCGIFADDR, BOTH, IFREQ },
	{ SIOCSIFADDR, READ, IFREQ },
	{ SIOCGIFDSTADDR, BOTH, IFREQ },
	{ SIOCSIFDSTADDR, READ, IFREQ },
	{ SIOCGIFBRDADDR, BOTH, IFREQ },
	{ SIOCSIFBRDADDR, READ, IFREQ },
	{ SIOCGIFNETMASK, BOTH, IFREQ },
	{ SIOCSIFNETMASK, READ, IFREQ },
	{ SIOCGIFMETRIC, BOTH, IFREQ },
	{ SIOCSIFMETRIC, READ, IFREQ },
	{ SIOCGIFMTU, BOTH, IFREQ },
	{ SIOCSIFMTU, READ, IFREQ },
	{ SIOCSIFNAME, READ, IFREQ },
	{ SIOCGIFHWADDR, BOTH, IFREQ },
	{ SIOCSIFHWADDR, READ, IFREQ },
	{ SIOCGIFMAP, BOTH, IFREQ },
	{ SIOCADDMULTI, READ, IFREQ },
	{ SIOCDELMULTI, READ, IFREQ },
	{ SIOCGIFTXQLEN, BOTH, IFREQ },
	{ SIOCSIFTXQLEN, READ, IFREQ },
	{ TUNSETIFF, BOTH, IFREQ },
	{ TUNGETIFF, WRITE, IFREQ },
	{ TUNGETFEATURES, WRITE, 4 },
	{ TUNSETPERSIST, NUMBER, 0 },
	{ TUNSETOWNER, NUMBER, 0 },
	{ TUNSETGROUP, NUMBER, 0 },
	{ TUNSETOFFLOAD, NUMBER, 0 },
	{ SIOCGARP, BOTH, sizeof(struct arpreq) },
	{ SIOCSARP, READ, sizeof(struct arpreq) },
	{ SIOCDARP, READ, sizeof(struct arpreq) },
	{ SIOCADDRT, READ, sizeof(struct rtentry) },
	{ SIOCDELRT, READ, sizeof(struct rtentry) },
};

static const struct command fcntls[] = {
	{ F_SETOWN_EX, READ, sizeof(struct f_owner_ex) },
	{ F_GETOWN_EX, WRITE, sizeof(struct f_owner_ex) },
	{ F_GETLK, BOTH, sizeof(struct flock) },
	{ F_SETLK, READ, sizeof(struct flock) },
	{ F_SETLKW, READ, sizeof(struct flock) },
	{ F_OFD_GETLK, BOTH, sizeof(struct flock) },
	{ F_OFD_SETLK, READ, sizeof(struct flock) },
	{ F_OFD_SETLKW, READ, sizeof(struct flock) },
	{ F_GET_RW_HINT, WRITE, 8 },
	{ F_SET_RW_HINT, READ, 8 },
	{ F_GET_FILE_RW_HINT, WRITE, 8 },
	{ F_SET_FILE_RW_HINT, READ, 8 },
};

static const struct command prctls[] = {
	{ PR_SET_NAME, NAME, 16 },
	{ PR_GET_NAME, WRITE, 16 },
	{ PR_GET_PDEATHSIG, WRITE, 4 },
	{ PR_GET_UNALIGN, WRITE, 4 },
	{ PR_GET_FPEMU, WRITE, 4 },
	{ PR_GET_FPEXC, WRITE, 4 },
	{ PR_GET_ENDIAN, WRITE, 4 },
	{ PR_GET_TSC, WRITE, 4 },
	{ PR_GET_CHILD_SUBREAPER, WRITE, 4 },
	{ PR_GET_TID_ADDRESS, WRITE, 8 },
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

static bool is_ifconf(const struct hosted *h)
{
	return h->nr == SYS_ioctl && (u32)h->args[1] == SIOCGIFCONF;
}

/*
 * struct ifconf holds a length and a pointer to room; NULL there asks how much it takes. Behind the copy
 * stays the program's.
 */
static int ifconf_in(struct args *c, int i)
{
	struct ifconf *conf = args_room(c, i, 2 * sizeof(*conf));

	if (hosted_read(c->h, c->h->args[i], conf, sizeof(*conf)) < 0)
		return -EFAULT;
	conf->ifc_len = min(conf->ifc_len, IFCONF_MAX);
	conf[1] = conf[0];
	if (conf->ifc_buf)
		conf->ifc_buf = hosted_alloc(c->h, (size_t)max(conf->ifc_len, 0));
	return 0;
}

static void ifconf_out(struct args *c, int i)
{
	struct ifconf *conf = (struct ifconf *)(uintptr_t)c->a[i];

	if (conf[1].ifc_buf)
		args_piece(c, (u64)(uintptr_t)conf[1].ifc_buf, conf->ifc_buf,
			   (size_t)max(min(conf->ifc_len, conf[1].ifc_len), 0));
	args_piece(c, c->h->args[i] + offsetof(struct ifconf, ifc_len), &conf->ifc_len,
		   sizeof(conf->ifc_len));
}

static bool is_ethtool(const struct hosted *h)
{
	return h->nr == SYS_ioctl && (u32)h->args[1] == SIOCETHTOOL;
}

/* struct ifreq points to a structure that begins with its command: ethtool.h says how long it is. */
static int ethtool_in(struct args *c, int i)
{
	struct ifreq *ifr = args_room(c, i, 2 * sizeof(*ifr) + sizeof(u32));
	u64 addr;
	u32 *data;

	if (hosted_read(c->h, c->h->args[i], ifr, sizeof(*ifr)) < 0)
		return -EFAULT;
	ifr[1] = ifr[0];
	addr = (u64)(uintptr_t)ifr->ifr_data;
	data = memset(hosted_alloc(c->h, ETHTOOL_ROOM), 0, ETHTOOL_ROOM);
	if (hosted_read(c->h, addr, data, sizeof(*data)) < 0)
		return -EFAULT;
	ifr->ifr_data = (char *)data;
	if (ethtool_head(*data) && (hosted_read(c->h, addr, data, ethtool_head(*data)) < 0 ||
				    hosted_read(c->h, addr, data, ethtool_in_size(data)) < 0))
		return -EFAULT;
	*(u32 *)(void *)&ifr[2] = ethtool_room(data);
	return 0;
}

static void ethtool_out(struct args *c, int i)
{
	struct ifreq *ifr = (struct ifreq *)(uintptr_t)c->a[i];

	args_piece(c, (u64)(uintptr_t)ifr[1].ifr_data, ifr->ifr_data,
		   min(*(const u32 *)(const void *)&ifr[2], ethtool_out_size(ifr->ifr_data)));
}

/* strncpy_from_user(): what is behind the zero byte need not be there. */
static int name_in(struct args *c, int i, size_t size)
{
	char *name = memset(args_room(c, i, size), 0, size);
	int len = hosted_read_string(c->h, c->h->args[i], name, size);

	if (len < 0 && len != -ENAMETOOLONG)
		return len;
	len = len < 0 ? (int)size - 1 : len;
	memset(name + len, 0, size - (size_t)len);
	return 0;
}

/* Commands of sockets (0x89xx) are refused by other files, whatever is passed. */
static bool takes_no_argument(const struct args *c)
{
	u32 nr = (u32)c->h->args[1];
	struct file *f;

	if (!c->h->u || nr >> 8 != SIOCSPGRP >> 8 || nr == SIOCOUTQ)
		return false;
	f = fd_lookup(c->h->u->task->proc->files, (int)c->h->args[0]);
	return f && !sock_from_file(f);
}

int args_command_in(struct args *c, const struct arg *arg, int i)
{
	const struct command *cmd = command_of(c->h, i);
	u64 addr = c->h->args[i];
	void *p;

	if (!cmd && !is_ifconf(c->h) && !is_ethtool(c->h)) {
		c->a[i] = c->h->nr == SYS_ioctl ? 0 : (s64)addr;
		return 0;
	}
	if (c->h->nr == SYS_ioctl && takes_no_argument(c)) {
		args_cleared(c, i, 2 * sizeof(struct ifconf) + (cmd ? cmd->size : 0));
		return 0;
	}
	/* What is only written to is found to be nothing at the end. SIOCATMARK has more readers than TCP. */
	if (!addr && !(cmd && cmd->direction == WRITE && cmd->cmd != SIOCATMARK))
		return -EFAULT;
	if (!cmd)
		return is_ethtool(c->h) ? ethtool_in(c, i) : ifconf_in(c, i);
	if (cmd->direction == NAME)
		return name_in(c, i, cmd->size);
	p = memset(args_room(c, i, cmd->size), 0, cmd->size);
	if (cmd->direction & READ)
		args_piece(c, addr, p, cmd->size);
	return 0;
}

int args_command_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	const struct command *cmd = command_of(c->h, i);

	if (is_ifconf(c->h))
		ifconf_out(c, i);
	else if (is_ethtool(c->h))
		ethtool_out(c, i);
	else if (cmd && cmd->direction & WRITE)
		args_piece(c, c->h->args[i], (void *)(uintptr_t)c->a[i], cmd->size);
	return 0;
}

/* ---- socket options ------------------------------------------------------------------------------ */

/* A classic filter is a length and a pointer to instructions. */
static int filter_in(struct args *c, int i)
{
	struct sock_fprog *prog = args_copy(c, c->h->args[i], sizeof(*prog));
	u64 addr;

	if (!prog)
		return -EFAULT;
	c->a[i] = (s64)(uintptr_t)prog;
	addr = (u64)(uintptr_t)prog->filter;
	if (!addr || prog->len > BPF_MAXINSNS)
		return 0;
	prog->filter = hosted_alloc(c->h, prog->len * sizeof(*prog->filter));
	args_piece(c, addr, prog->filter, prog->len * sizeof(*prog->filter));
	return 0;
}

#define PACKET_FANOUT_DATA_ 22 /* linux/if_packet.h cannot stand beside nic/skb.h */

static bool is_filter(int level, int name)
{
	if (level == SOL_PACKET)
		return name == PACKET_FANOUT_DATA_;
	return level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_ATTACH_REUSEPORT_CBPF);
}

/* Ends with its zero byte, what is behind need not be there. */
static bool is_string(int level, int name)
{
	return level == IPPROTO_TCP && (name == TCP_CONGESTION || name == TCP_ULP);
}

/*
 * As much as the option reads must be there. If it is not, that is for the option to say, since much else
 * may be wrong before.
 */
int args_option_in(struct args *c, const struct arg *arg, int i)
{
	int level = (int)c->h->args[1], name = (int)c->h->args[2];
	int len = (int)c->h->args[arg->other];
	void *val;

	if (len <= 0 || !c->h->args[i]) /* the call knows what is wrong */
		return 0;
	if (len > OPTION_MAX)
		c->a[arg->other] = len = OPTION_MAX;
	if (len == sizeof(struct sock_fprog) && is_filter(level, name))
		return filter_in(c, i);
	val = args_cleared(c, i, (size_t)len);
	if (c->h->u)
		len = (int)sockopt_reads(c->h->u->task, (int)c->h->args[0], level, name, (socklen_t)len);
	if (!len || hosted_read(c->h, c->h->args[i], val, (size_t)len) >= 0)
		return 0;
	if (!is_string(level, name) ||
	    hosted_read_string(c->h, c->h->args[i], val, (size_t)len) < 0)
		c->a[i] = (s64)(uintptr_t)SOCKOPT_FAULT;
	return 0;
}
