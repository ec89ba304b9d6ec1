/* SPDX-License-Identifier: MIT */
/*
 * Sockets of the internet families: /proc/net/{tcp,udp,raw,icmp} and their IPv6 twins (proc_tid_net(5);
 * Documentation/networking/proc_net_tcp.rst). Listening sockets come first, then connections; both in
 * order of creation, where Linux has the order of its hash tables. UDP's slot number is the port. The
 * column of kernel addresses is 0, as for readers who may not know them.
 *
 * References are those that Linux would count: armed timers hold a TCP socket there, the table one of
 * another kind.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "stack/procfs_priv.h"
#include "stack/tcp_conn.h"
#include "stack/udp.h"

#define USER_TICK (NSEC_PER_SEC / 100) /* USER_HZ */
#define TCP_WIDTH 149
#define DGRAM_WIDTH 127
#define NO_ADDRESS "0000000000000000"

static u64 ticks(nsec_t t)
{
	return (u64)(max(t, (nsec_t)0) / USER_TICK);
}

u64 procfs_sock_ino(const struct sock *sk)
{
	return sk->file ? sk->file->ino : 0;
}

/* ---- columns --------------------------------------------------------------------------------- */

static void put_address(struct seq_file *m, bool v6, const union ipaddr *a, u16 port)
{
	if (v6)
		seq_printf(m, "%08X%08X%08X%08X:%04X ", a->w[0], a->w[1], a->w[2], a->w[3], port);
	else
		seq_printf(m, "%08X:%04X ", a->w[3], port);
}

/* What all lines begin with, up to the retransmissions. */
struct sock_line {
	int state;
	u32 tx, rx;
	int timer;
	nsec_t when; /* from now */
	u32 retransmits;
};

static void put_line(struct seq_file *m, bool v6, const struct inet_sock *inet,
		     const struct sock_line *l)
{
	put_address(m, v6, &inet->rcv_saddr, inet->num);
	put_address(m, v6, &inet->daddr, inet->sk.type == SOCK_RAW ? 0 : inet->dport);
	seq_printf(m, "%02X %08X:%08X %02X:%08llX %08X ", l->state, l->tx, l->rx, l->timer,
		   (unsigned long long)ticks(l->when), l->retransmits);
}

/* ---- TCP ------------------------------------------------------------------------------------- */

static int armed(const struct timer *t)
{
	return timer_pending(t);
}

static void tcp_timers(struct tcp_sock *tp, struct sock_line *l)
{
	if (tp->pending_timer != ICSK_TIME_NONE) {
		l->timer = tp->pending_timer == ICSK_TIME_PROBE0 ? 4 : 1;
		l->when = tp->timeout - tp_now(tp);
	} else if (timer_pending(&tp->keepalive_timer)) {
		l->timer = 2;
		l->when = tp->keepalive_timer.expires - tp_now(tp);
	}
}

static void tcp_line(struct seq_file *m, bool v6, struct tcp_sock *tp)
{
	const struct sock *sk = tp_sock(tp);
	struct sock_line l = { .state = sk->state, .retransmits = tp->retransmits };
	bool listens = sk->state == TCP_LISTEN;

	l.tx = listens ? 0 : tp->write_seq - tp->snd_una;
	l.rx = listens ? sk->ack_backlog : (u32)max((s32)(tp->rcv_nxt - tp->copied_seq), 0);
	tcp_timers(tp, &l);
	put_line(m, v6, &tp->inet, &l);
	seq_printf(m, "%5u %8d %llu %d " NO_ADDRESS " %llu %llu %u %u %d", sk->uid, tp->probes_out,
		   (unsigned long long)procfs_sock_ino(sk),
		   1 + armed(&tp->retransmit_timer) + armed(&tp->delack_timer) +
			   armed(&tp->keepalive_timer) + armed(&tp->pacing_timer),
		   (unsigned long long)ticks(tp->rto), (unsigned long long)ticks(tp->ack.ato),
		   (u32)tp->ack.quick << 1 | tp->ack.pingpong, tp->snd_cwnd,
		   listens				   ? 0
		   : tp->snd_ssthresh >= TCP_INFINITE_SSTHRESH ? -1
							       : (int)tp->snd_ssthresh);
}

static void timewait_line(struct seq_file *m, bool v6, struct tcp_timewait_sock *tw)
{
	struct sock_line l = { .state = tw->substate, .timer = 3,
			       .when = tw->timer.expires - net_now(tw->inet.sk.net) };

	put_line(m, v6, &tw->inet, &l);
	seq_printf(m, "%5d %8d %d %d " NO_ADDRESS, 0, 0, 0, 3);
}

static void request_line(struct seq_file *m, bool v6, struct tcp_request_sock *req)
{
	struct sock_line l = { .state = TCP_SYN_RECV, .timer = 1, .retransmits = req->num_timeout };

	l.when = req->timer.expires - net_now(req->inet.sk.net);
	put_line(m, v6, &req->inet, &l);
	seq_printf(m, "%5u %8d %u %d " NO_ADDRESS, req->inet.sk.uid, 0, 0, 0);
}

static bool is_tcp(const struct sock *sk, int family)
{
	return sk->family == family && sk->type == SOCK_STREAM && sk->protocol == IPPROTO_TCP;
}

static int tcp_lines(struct seq_file *m, int family)
{
	bool v6 = family == AF_INET6;
	struct sock *sk;
	int sl = 0;

	for (int listening = 1; listening >= 0; listening--) {
		list_for_each_entry(sk, &m->at.host->net->socks, net_node) {
			size_t from = m->len;

			if (!is_tcp(sk, family) || (sk->state == TCP_LISTEN) != listening ||
			    (!listening && !inet_sk(sk)->hashed))
				continue;
			seq_printf(m, "%4d: ", sl++);
			if (sk->state == TCP_TIME_WAIT)
				timewait_line(m, v6, tcp_twsk(inet_sk(sk)));
			else if (sk->state == TCP_NEW_SYN_RECV)
				request_line(m, v6, tcp_rsk(inet_sk(sk)));
			else
				tcp_line(m, v6, tcp_sk(sk));
			if (!v6)
				seq_pad(m, from, TCP_WIDTH);
			seq_puts(m, "\n");
		}
	}
	return 0;
}

static int tcp_show(struct seq_file *m)
{
	seq_puts(m, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt"
		    "   uid  timeout inode");
	seq_pad(m, 0, TCP_WIDTH);
	seq_puts(m, "\n");
	return tcp_lines(m, AF_INET);
}

static int tcp6_show(struct seq_file *m)
{
	seq_puts(m, "  sl  local_address                         remote_address                   "
		    "     st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
	return tcp_lines(m, AF_INET6);
}

/* ---- datagrams ------------------------------------------------------------------------------- */

struct dgram_kind {
	int family, type, protocol; /* 0: any */
	int width;		    /* to pad lines to; 0: not at all */
};

static bool is_kind(const struct sock *sk, const struct dgram_kind *k)
{
	return sk->family == k->family && sk->type == k->type && inet_sk((struct sock *)sk)->num &&
	       (!k->protocol || sk->protocol == k->protocol);
}

static void dgram_line(struct seq_file *m, const struct dgram_kind *k, struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct sock_line l = { .state = sk->state, .tx = sk->wmem_alloc, .rx = sk->rmem_alloc };
	size_t from = m->len;

	if (k->protocol == IPPROTO_UDP)
		l.rx -= min(udp_sk(sk)->forward_deficit, l.rx);
	seq_printf(m, k->type == SOCK_RAW && k->family == AF_INET ? "%4d: " : "%5d: ", inet->num);
	put_line(m, k->family == AF_INET6, inet, &l);
	seq_printf(m, "%5u %8d %llu %u " NO_ADDRESS " %u", sk->uid, 0,
		   (unsigned long long)procfs_sock_ino(sk), 2, sk->drops);
	seq_pad(m, from, (size_t)k->width);
	seq_puts(m, "\n");
}

/* By slot, then the latest first, as in a chain of Linux's table. */
struct dgram_row {
	struct sock *sk;
	u32 place;
};

static int by_slot(const void *a, const void *b)
{
	const struct dgram_row *x = a, *y = b;
	u16 xnum = inet_sk(x->sk)->num, ynum = inet_sk(y->sk)->num;

	if (xnum != ynum)
		return xnum < ynum ? -1 : 1;
	return x->place > y->place ? -1 : 1;
}

static int dgram_lines(struct seq_file *m, const struct dgram_kind *k)
{
	struct dgram_row *rows = NULL;
	u32 n = 0, cap = 0;
	struct sock *sk;

	list_for_each_entry(sk, &m->at.host->net->socks, net_node) {
		if (!is_kind(sk, k))
			continue;
		if (n == cap) {
			cap = max(2 * cap, 64u);
			rows = xrealloc(rows, cap * sizeof(*rows));
		}
		rows[n] = (struct dgram_row){ sk, n };
		n++;
	}
	if (n)
		qsort(rows, n, sizeof(*rows), by_slot);
	for (u32 i = 0; i < n; i++)
		dgram_line(m, k, rows[i].sk);
	free(rows);
	return 0;
}

#define DGRAM_HEADER                                                                               \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt"              \
	"   uid  timeout inode ref pointer drops"
#define DGRAM6_HEADER                                                                              \
	"  sl  local_address                         remote_address                   "            \
	"     st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"

static int dgram4(struct seq_file *m, const char *header, const struct dgram_kind *k)
{
	seq_puts(m, header);
	seq_pad(m, 0, (size_t)k->width);
	seq_puts(m, "\n");
	return dgram_lines(m, k);
}

static int dgram6(struct seq_file *m, const struct dgram_kind *k)
{
	seq_puts(m, DGRAM6_HEADER);
	return dgram_lines(m, k);
}

static int udp_show(struct seq_file *m)
{
	static const struct dgram_kind k = { AF_INET, SOCK_DGRAM, IPPROTO_UDP, DGRAM_WIDTH };

	return dgram4(m, " " DGRAM_HEADER, &k);
}

static int udp6_show(struct seq_file *m)
{
	static const struct dgram_kind k = { AF_INET6, SOCK_DGRAM, IPPROTO_UDP, 0 };

	return dgram6(m, &k);
}

static int raw_show(struct seq_file *m)
{
	static const struct dgram_kind k = { AF_INET, SOCK_RAW, 0, 0 };

	return dgram4(m, DGRAM_HEADER, &k);
}

static int raw6_show(struct seq_file *m)
{
	static const struct dgram_kind k = { AF_INET6, SOCK_RAW, 0, 0 };

	return dgram6(m, &k);
}

/* Sockets of ping(8): SOCK_DGRAM of IPPROTO_ICMP. */
static int icmp_show(struct seq_file *m)
{
	static const struct dgram_kind k = { AF_INET, SOCK_DGRAM, IPPROTO_ICMP, DGRAM_WIDTH };

	return dgram4(m, DGRAM_HEADER, &k);
}

static int icmp6_show(struct seq_file *m)
{
	static const struct dgram_kind k = { AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6, 0 };

	return dgram6(m, &k);
}

/* UDP-Lite is not there: nobody can have such a socket. */
static int udplite_show(struct seq_file *m)
{
	seq_puts(m, " " DGRAM_HEADER);
	seq_pad(m, 0, DGRAM_WIDTH);
	seq_puts(m, "\n");
	return 0;
}

static int udplite6_show(struct seq_file *m)
{
	seq_puts(m, DGRAM6_HEADER);
	return 0;
}

#define SHOW(n)                                                                                    \
	{ .path = "/proc/%pid/net/" #n, .mode = S_IFREG | 0444, .show = n##_show,                  \
	  .flags = PF_NO_WRITE }

const struct procfs_entry procfs_inet_entries[] = {
	SHOW(icmp), SHOW(icmp6), SHOW(raw),  SHOW(raw6),    SHOW(tcp),
	SHOW(tcp6), SHOW(udp),	 SHOW(udp6), SHOW(udplite), SHOW(udplite6),
	{ 0 },
};
