/* SPDX-License-Identifier: MIT */
/*
 * Sockets without ports: /proc/net/{unix,packet,netlink} (proc_tid_net(5), unix(7)). In order of creation;
 * kernel addresses are 0.
 */
#include <netinet/in.h>
#include <sys/stat.h>

#include "stack/af_packet.h"
#include "stack/af_unix.h"
#include "stack/procfs_priv.h"

#define NO_ADDRESS "0000000000000000"
#define SO_ACCEPTCON 0x10000u

/* enum socket_state of linux/net.h: a socket without a file waits to be accepted. */
static int unix_state(const struct sock *sk)
{
	bool connected = sk->state == TCP_ESTABLISHED;

	if (sk->file)
		return connected ? 3 : 1;
	return connected ? 2 : 4;
}

/* Zero bytes of an abstract name read as '@'. */
static void put_name(struct seq_file *m, const struct unix_address *addr)
{
	const char *path = addr->un.sun_path;
	u32 len = addr->len - UNIX_PATH_OFFSET;

	seq_puts(m, " ");
	if (len && path[0]) {
		seq_putn(m, path, strnlen(path, len));
		return;
	}
	for (u32 i = 0; i < len; i++)
		seq_putn(m, path[i] ? &path[i] : "@", 1);
}

/*
 * References as Linux would count them: its file (or the queue it waits in), the table of all sockets,
 * and each socket that has it for its peer.
 */
static u32 unix_refs(const struct sock *sk)
{
	const struct sock *peer = unix_sk((struct sock *)sk)->peer, *other;
	u32 refs = 2;

	if (sk->type != SOCK_DGRAM)
		return refs + (peer && unix_sk((struct sock *)peer)->peer == sk);
	list_for_each_entry(other, &sk->net->socks, net_node)
		refs += other->family == AF_UNIX && unix_sk((struct sock *)other)->peer == sk;
	return refs;
}

static int unix_show(struct seq_file *m)
{
	struct sock *sk;

	seq_puts(m, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	list_for_each_entry(sk, &m->at.host->net->socks, net_node) {
		if (sk->family != AF_UNIX || sk->dead)
			continue;
		seq_printf(m, NO_ADDRESS ": %08X %08X %08X %04X %02X %5llu", unix_refs(sk), 0,
			   sk->state == TCP_LISTEN ? SO_ACCEPTCON : 0, sk->type, unix_state(sk),
			   (unsigned long long)procfs_sock_ino(sk));
		if (unix_sk(sk)->addr)
			put_name(m, unix_sk(sk)->addr);
		seq_puts(m, "\n");
	}
	return 0;
}

/* The beginning of sockaddr_nl: its header cannot stand beside the kernel's names here. */
struct netlink_name {
	u16 family, pad;
	u32 pid, groups;
};

/* The socket's own name, as getsockname(2) gives it; zeros where it has none. */
static void sock_name(struct sock *sk, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (sk->ops->getname && sk->ops->getname(sk, false, ss) < 0)
		memset(ss, 0, sizeof(*ss));
}

static int packet_show(struct seq_file *m)
{
	struct sock *sk;

	seq_puts(m, "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n");
	list_for_each_entry(sk, &m->at.host->net->socks, net_node) {
		const struct packet_sock *po;

		if (sk->family != AF_PACKET || sk->dead)
			continue;
		po = pkt_sk(sk);
		/* One that receives is held by its tap, too. */
		seq_printf(m, NO_ADDRESS " %-6d %-4d %04x   %-5d %1d %-6u %-6u %-6llu\n",
			   2 + po->running, sk->type, ntohs(po->num), po->ifindex, po->running,
			   sk->rmem_alloc, sk->uid, (unsigned long long)procfs_sock_ino(sk));
	}
	return 0;
}

static int netlink_show(struct seq_file *m)
{
	struct sock *sk;

	seq_puts(m, "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    "
		    "Drops    Inode\n");
	list_for_each_entry(sk, &m->at.host->net->socks, net_node) {
		struct sockaddr_storage ss;
		struct netlink_name nl;

		if (sk->family != AF_NETLINK || sk->dead)
			continue;
		sock_name(sk, &ss);
		memcpy(&nl, &ss, sizeof(nl));
		seq_printf(m, NO_ADDRESS " %-3d %-10u %08x %-8u %-8u %-5d %-8u %-8u %-8llu\n",
			   sk->protocol, nl.pid, nl.groups, sk->rmem_alloc, sk->wmem_alloc, 0,
			   2, sk->drops, (unsigned long long)procfs_sock_ino(sk));
	}
	return 0;
}

#define SHOW(n)                                                                                    \
	{ .path = "/proc/%pid/net/" #n, .mode = S_IFREG | 0444, .show = n##_show,                  \
	  .flags = PF_NO_WRITE }

const struct procfs_entry procfs_unix_entries[] = {
	SHOW(netlink),
	SHOW(packet),
	SHOW(unix),
	{ 0 },
};
