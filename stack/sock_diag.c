/* SPDX-License-Identifier: MIT */
/*
 * NETLINK_SOCK_DIAG (sock_diag(7)): the sockets of a host as ss(8) asks for them. TCP, UDP and raw
 * sockets of both families, AF_UNIX and AF_PACKET; others are ENOENT, as on a kernel without their module.
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>

#include "stack/af_unix.h"
#include "stack/netlink.h"
#include "stack/sock_diag.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_info.h"
#include "stack/udp.h"

u32 sock_diag_ino(const struct sock *sk)
{
	return sk->file ? (u32)sk->file->ino : 0;
}

void sock_diag_cookie(u32 to[2], u64 cookie)
{
	to[0] = (u32)cookie;
	to[1] = (u32)(cookie >> 32);
}

void sock_diag_meminfo(struct nl_buf *b, u16 type, const struct sock *sk)
{
	u32 v[SK_MEMINFO_VARS] = {
		[SK_MEMINFO_RMEM_ALLOC] = sk->rmem_alloc, [SK_MEMINFO_RCVBUF] = sk->rcvbuf,
		[SK_MEMINFO_WMEM_ALLOC] = sk->wmem_alloc, [SK_MEMINFO_SNDBUF] = sk->sndbuf,
		[SK_MEMINFO_WMEM_QUEUED] = sk->wmem_queued, [SK_MEMINFO_OPTMEM] = sk->omem_alloc,
		[SK_MEMINFO_BACKLOG] = 0, [SK_MEMINFO_DROPS] = sk->drops,
	};

	nl_put(b, type, v, sizeof(v));
}

/* ---- TCP and UDP --------------------------------------------------------------------------------- */

static void put_ip(u32 to[4], int family, const union ipaddr *a)
{
	if (family == AF_INET)
		to[0] = a->w[3];
	else
		memcpy(to, a->b, 16);
}

static u32 milliseconds(nsec_t t)
{
	return (u32)(max(t, (nsec_t)0) / NSEC_PER_MSEC);
}

static void tcp_state(struct inet_diag_msg *m, struct sock *sk)
{
	struct tcp_sock *tp;

	if (sk->state == TCP_LISTEN) {
		m->idiag_rqueue = sk->ack_backlog;
		m->idiag_wqueue = sk->max_ack_backlog;
		return;
	}
	if (sk->state == TCP_TIME_WAIT) {
		struct tcp_timewait_sock *tw = tcp_twsk(inet_sk(sk));

		m->idiag_state = (u8)tw->substate;
		m->idiag_timer = 3;
		m->idiag_expires = milliseconds(tw->timer.expires - net_now(sk->net));
		return;
	}
	if (sk->state == TCP_NEW_SYN_RECV) {
		m->idiag_state = TCP_SYN_RECV;
		return;
	}
	tp = tcp_sk(sk);
	m->idiag_rqueue = (u32)max((s32)(tp->rcv_nxt - tp->copied_seq), 0);
	m->idiag_wqueue = tp->write_seq - tp->snd_una;
	m->idiag_retrans = tp->retransmits;
	if (tp->pending_timer != ICSK_TIME_NONE) {
		m->idiag_timer = tp->pending_timer == ICSK_TIME_PROBE0 ? 4 : 1;
		m->idiag_expires = milliseconds(tp->timeout - net_now(sk->net));
	} else if (timer_pending(&tp->keepalive_timer)) {
		m->idiag_timer = 2;
		m->idiag_expires = milliseconds(tp->keepalive_timer.expires - net_now(sk->net));
	}
}

static bool is_tcp(const struct sock *sk)
{
	return sk->type == SOCK_STREAM && sk->protocol == IPPROTO_TCP;
}

static bool full_tcp(const struct sock *sk)
{
	return is_tcp(sk) && sk->state != TCP_TIME_WAIT &&
	       sk->state != TCP_NEW_SYN_RECV;
}

static void put_extensions(struct nl_buf *b, struct sock *sk, u8 ext)
{
	struct tcp_full_info info;

	if (ext & 1u << (INET_DIAG_SKMEMINFO - 1))
		sock_diag_meminfo(b, INET_DIAG_SKMEMINFO, sk);
	nl_put_u8(b, INET_DIAG_SHUTDOWN, sk->shutdown);
	if (sk->type == SOCK_RAW)
		nl_put_u8(b, INET_DIAG_PROTOCOL, (u8)sk->protocol);
	if (!full_tcp(sk))
		return;
	if (ext & 1u << (INET_DIAG_INFO - 1)) {
		memset(&info, 0, sizeof(info));
		tcp_get_info(tcp_sk(sk), &info);
		nl_put(b, INET_DIAG_INFO, &info, sizeof(info));
	}
	if (ext & 1u << (INET_DIAG_CONG - 1))
		nl_put_string(b, INET_DIAG_CONG, tcp_sk(sk)->ca_ops->name);
}

static void inet_message(struct nl_req *r, struct sock *sk, u8 ext)
{
	struct inet_sock *inet = inet_sk(sk);
	struct inet_diag_msg *m = nl_answer(r, SOCK_DIAG_BY_FAMILY, sizeof(*m));

	m->idiag_family = (u8)sk->family;
	m->idiag_state = sk->state;
	m->id.idiag_sport = htons(inet->num);
	m->id.idiag_dport = htons(inet->dport);
	put_ip(m->id.idiag_src, sk->family, &inet->rcv_saddr);
	put_ip(m->id.idiag_dst, sk->family, &inet->daddr);
	m->id.idiag_if = (u32)sk->bound_dev_if;
	sock_diag_cookie(m->id.idiag_cookie, sk->cookie);
	m->idiag_uid = sk->uid;
	m->idiag_inode = sock_diag_ino(sk);
	if (is_tcp(sk)) {
		tcp_state(m, sk);
	} else {
		m->idiag_rqueue = sk->rmem_alloc;
		m->idiag_wqueue = sk->wmem_alloc;
	}
	put_extensions(r->out, sk, ext);
	nl_end(r->out);
}

static bool inet_wanted(struct sock *sk, const struct inet_diag_req_v2 *req)
{
	int state = sk->state == TCP_NEW_SYN_RECV ? TCP_SYN_RECV : sk->state;

	if (sk->family != req->sdiag_family)
		return false;
	/* Raw sockets of all protocols answer to one. */
	if (sk->type == SOCK_RAW ? req->sdiag_protocol != IPPROTO_RAW :
				   sk->protocol != req->sdiag_protocol)
		return false;
	if (is_tcp(sk) && sk->state != TCP_LISTEN && !inet_sk(sk)->hashed)
		return false;
	if (!inet_sk(sk)->num || !(req->idiag_states >> state & 1))
		return false;
	return (!req->id.idiag_sport || req->id.idiag_sport == htons(inet_sk(sk)->num)) &&
	       (!req->id.idiag_dport || req->id.idiag_dport == htons(inet_sk(sk)->dport));
}

/* In order of creation. Bytecode filters are ss's own business as well: it filters what it gets. */
static int inet_diag(struct nl_req *r)
{
	struct inet_diag_req_v2 req;
	struct sock *sk;

	if (r->len < sizeof(req))
		return -EINVAL;
	memcpy(&req, r->payload, sizeof(req));
	if (req.sdiag_protocol != IPPROTO_TCP && req.sdiag_protocol != IPPROTO_UDP &&
	    req.sdiag_protocol != IPPROTO_RAW)
		return -ENOENT;
	if (!r->dump)
		return -EOPNOTSUPP;
	for (int listening = 1; listening >= 0; listening--) {
		list_for_each_entry(sk, &r->net->socks, net_node) {
			if ((sk->state == TCP_LISTEN) == listening && inet_wanted(sk, &req))
				inet_message(r, sk, req.idiag_ext);
		}
	}
	return 0;
}

/* ---- AF_UNIX ------------------------------------------------------------------------------------- */

static void unix_message(struct nl_req *r, struct sock *sk, u32 show)
{
	struct unix_diag_msg *m = nl_answer(r, SOCK_DIAG_BY_FAMILY, sizeof(*m));
	const struct unix_address *addr = unix_sk(sk)->addr;
	const struct sock *peer = unix_sk(sk)->peer;

	m->udiag_family = AF_UNIX;
	m->udiag_type = (u8)sk->type;
	m->udiag_state = sk->state;
	m->udiag_ino = sock_diag_ino(sk);
	sock_diag_cookie(m->udiag_cookie, sk->cookie);
	if (show & UDIAG_SHOW_NAME && addr)
		nl_put(r->out, UNIX_DIAG_NAME, addr->un.sun_path, addr->len - UNIX_PATH_OFFSET);
	if (show & UDIAG_SHOW_PEER && peer)
		nl_put_u32(r->out, UNIX_DIAG_PEER, sock_diag_ino(peer));
	if (show & UDIAG_SHOW_RQLEN) {
		struct unix_diag_rqlen rq = { .udiag_rqueue = sk->receive_queue.qlen };

		if (sk->state == TCP_LISTEN)
			rq.udiag_wqueue = sk->max_ack_backlog;
		nl_put(r->out, UNIX_DIAG_RQLEN, &rq, sizeof(rq));
	}
	if (show & UDIAG_SHOW_MEMINFO)
		sock_diag_meminfo(r->out, UNIX_DIAG_MEMINFO, sk);
	nl_put_u8(r->out, UNIX_DIAG_SHUTDOWN, sk->shutdown);
	nl_end(r->out);
}

static int unix_diag(struct nl_req *r)
{
	struct unix_diag_req req;
	struct sock *sk;

	if (r->len < sizeof(req))
		return -EINVAL;
	memcpy(&req, r->payload, sizeof(req));
	if (!r->dump)
		return -EOPNOTSUPP;
	list_for_each_entry(sk, &r->net->socks, net_node) {
		if (sk->family == AF_UNIX && !sk->dead && req.udiag_states >> sk->state & 1)
			unix_message(r, sk, req.udiag_show);
	}
	return 0;
}

int sock_diag_rcv(struct nl_req *r)
{
	if (r->h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return -EINVAL;
	if (r->len < sizeof(struct sock_diag_req))
		return -EINVAL;
	r->dump = (r->h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	switch (((const struct sock_diag_req *)r->payload)->sdiag_family) {
	case AF_INET:
	case AF_INET6:
		return inet_diag(r);
	case AF_UNIX:
		return unix_diag(r);
	case AF_PACKET:
		return packet_diag(r);
	default:
		r->dump = false;
		return -ENOENT;
	}
}
