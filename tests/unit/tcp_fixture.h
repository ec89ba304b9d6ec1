/* SPDX-License-Identifier: MIT */
/*
 * Two established TCP sockets on two hosts and a wire between them, for tests of TCP's data path.
 * Included by one file of a test program.
 *
 * The network layer and the connection side are replaced: ip_output() cuts super-packets into segments,
 * notes each, asks the test which to lose, and delivers them through a queue with a rate and a delay
 * into tcp_rcv_established(). Every symbol that the data path needs from elsewhere in stack/ is
 * defined here, so that nothing else of it is linked.
 */
#ifndef TESTS_UNIT_TCP_FIXTURE_H
#define TESTS_UNIT_TCP_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace.h"
#include "sim/host/host.h"
#include "sim/host/world.h"
#include "stack/tcp_int.h"
#include "tests/unit/unit.h"

#define WIRE_MAX 65536u
#define NOTES_MAX 4096

/* A segment as it was sent. */
struct seg_note {
	nsec_t t;
	u32 seq, ack, len;
	u8 flags, nsacks;
	u8 tos;
	u32 window; /* scaled up */
	struct tcp_sack_block sacks[4];
	bool lost;
};

struct tcp_end;

/* One direction. */
struct wire {
	struct event ev;
	struct tcp_end *to;
	nsec_t t[WIRE_MAX];
	struct sk_buff *skb[WIRE_MAX];
	u32 head, tail;
	nsec_t free_at;
};

struct tcp_end {
	struct tcp_sock *tp;
	struct net *net;
	struct wire *out;
	struct tcp_fixture *f;
	struct seg_note notes[NOTES_MAX];
	int nsent;	   /* segments; only the first NOTES_MAX are noted */
	u64 ndata;	   /* data segments, for loss patterns */
	bool reading;	   /* takes what arrives at once */
	bool writing;	   /* keeps the send buffer full */
	int dead, fins, resets, timeouts;
};

struct tcp_fixture {
	struct trace *tr;
	struct world *w;
	struct tcp_end a, b;
	nsec_t delay;	   /* one way */
	u64 rate;	   /* bits a second; 0: no queue */
	bool (*lose)(struct tcp_end *from, const struct seg_note *s, u64 nth_data);
	void *arg;	   /* for lose() */
	u8 mark;	   /* ECN codepoint that the wire writes on data that carries ECT; 0: none */
};

static struct tcp_fixture *fixture; /* the neighbours' functions below have no other way to it */

static struct tcp_end *end_of_tp(const struct tcp_sock *tp)
{
	return fixture->a.tp == tp ? &fixture->a : &fixture->b;
}

static struct tcp_end *end_of_net(const struct net *net)
{
	return fixture->a.net == net ? &fixture->a : &fixture->b;
}

/* ---- what the rest of stack/ would do ---- */

int route_output(struct net *net, const struct flow *fl, struct dst *dst)
{
	dst->genid = net->genid;
	return 0;
}

void dst_confirm(struct dst *dst)
{
}

u32 inet_ehashfn(struct net *net, const union ipaddr *laddr, u16 lport, const union ipaddr *faddr,
		 u16 fport)
{
	return 1;
}

void kill_fasync(struct file *f, int code)
{
}

void sk_send_sigurg(struct sock *sk)
{
}

void iov_copy_from(const struct iov_iter *it, size_t off, void *to, size_t len)
{
	memcpy(to, (const char *)it->iov->iov_base + off, len);
}

static void owner_r_free(struct sk_buff *skb)
{
	skb->sk->rmem_alloc -= skb->truesize;
}

void skb_set_owner_r(struct sk_buff *skb, struct sock *sk)
{
	skb->sk = sk;
	skb->destructor = owner_r_free;
	sk->rmem_alloc += skb->truesize;
}

void sock_put(struct sock *sk)
{
	assert_true(sk->refs > 1);
	sk->refs--;
}

/* The timestamp and SACK blocks of a header that tcp_options_write() made. */
void tcp_parse_options(struct net *net, const u8 *th, u32 hdr_len, struct tcp_options_received *opt,
		       bool syn)
{
	for (const u8 *p = th + 20, *end = th + hdr_len; p < end && *p;) {
		if (*p == 1) {
			p++;
			continue;
		}
		if (*p == 8) {
			opt->saw_tstamp = true;
			opt->rcv_tsval = get_be32(p + 2);
			opt->rcv_tsecr = get_be32(p + 6);
		} else if (*p == 5) {
			opt->saw_sack = true;
			opt->num_sacks = (u8)((p[1] - 2) / 8);
			for (int i = 0; i < opt->num_sacks; i++) {
				opt->sacks[i].start_seq = get_be32(p + 2 + 8 * i);
				opt->sacks[i].end_seq = get_be32(p + 6 + 8 * i);
			}
		}
		p += p[1];
	}
}

void tcp_done(struct tcp_sock *tp)
{
	end_of_tp(tp)->dead++;
	tp_sock(tp)->state = TCP_CLOSE;
	tcp_clear_xmit_timers(tp);
}

void tcp_reset(struct tcp_sock *tp, struct sk_buff *skb)
{
	end_of_tp(tp)->resets++;
	tcp_done(tp);
}

void tcp_fin(struct tcp_sock *tp)
{
	end_of_tp(tp)->fins++;
	tcp_sched_ack(tp);
}

void tcp_write_err(struct tcp_sock *tp)
{
	end_of_tp(tp)->timeouts++;
	tcp_done(tp);
}

void tcp_time_wait(struct tcp_sock *tp, int state, nsec_t timeo)
{
	tcp_done(tp);
}

void tcp_send_challenge_ack(struct tcp_sock *tp)
{
	NET_INC_STATS(tp_net(tp), TCPChallengeACK);
	tcp_send_ack(tp);
}

bool tcp_oow_rate_limited(struct net *net, nsec_t *last, bool has_data, enum mib mib_idx)
{
	return false;
}

static u8 fixture_bytes[65536];

/* Appends len bytes; what sendmsg() does. Returns how many were taken. */
static __unused_arg size_t tcp_put(struct tcp_end *e, size_t len, int flags)
{
	struct iovec iov = {.iov_base = fixture_bytes, .iov_len = len};
	struct iov_iter it = {.iov = &iov, .count = 1, .total = len};
	size_t n = tcp_queue_data(e->tp, &it, 0, len, flags);

	tcp_push(e->tp, flags, e->tp->nonagle);
	return n;
}

static void keep_full(struct tcp_end *e)
{
	while (tcp_stream_memory_free(e->tp))
		if (!tcp_put(e, sizeof(fixture_bytes), 0))
			return;
}

void tcp_check_space(struct tcp_sock *tp)
{
	struct tcp_end *e = end_of_tp(tp);
	const struct sock *sk = tp_sock(tp);

	if (sk->sndbuf > sk->wmem_queued && sk->sndbuf - sk->wmem_queued >= sk->wmem_queued / 2)
		tp->nospace = false;
	if (e->writing)
		keep_full(e);
}

/* Reads all there is, as recvmsg() with a large buffer. */
static u32 tcp_take(struct tcp_end *e)
{
	struct sock *sk = tp_sock(e->tp);
	u32 n = e->tp->rcv_nxt - e->tp->copied_seq;
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&sk->receive_queue))) {
		skb_orphan(skb);
		consume_skb(skb);
	}
	e->tp->copied_seq += n;
	tcp_rcv_space_adjust(e->tp);
	tcp_cleanup_rbuf(e->tp, (int)n);
	return n;
}

static void end_data_ready(struct sock *sk)
{
	struct tcp_end *e = end_of_tp(tcp_sk(sk));

	if (e->reading)
		tcp_take(e);
}

/* ---- the wire ---- */

static void parse_header(struct sk_buff *skb, u8 tos)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const u8 *th = skb_data(skb);
	u32 hlen = (u32)(th[12] >> 4) * 4;

	*cb = (struct tcp_skb_cb){.seq = get_be32(th + 4), .ack_seq = get_be32(th + 8),
				  .tcp_flags = th[13], .urg_ptr = get_be16(th + 18),
				  .hdr_len = (u16)hlen, .ip_dsfield = tos};
	cb->end_seq = cb->seq + (skb->len - hlen) + !!(th[13] & TCPHDR_SYN) + !!(th[13] & TCPHDR_FIN);
}

static void wire_deliver(struct sim *s, struct event *ev)
{
	struct wire *w = container_of(ev, struct wire, ev);
	struct tcp_end *to = w->to;

	while (w->head != w->tail && w->t[w->head % WIRE_MAX] <= s->now) {
		struct sk_buff *skb = w->skb[w->head++ % WIRE_MAX];

		if (tp_sock(to->tp)->state == TCP_CLOSE)
			consume_skb(skb);
		else
			tcp_rcv_established(to->tp, skb);
	}
	if (w->head != w->tail)
		event_at(s, ev, 0, w->t[w->head % WIRE_MAX]);
}

static void wire_send(struct tcp_fixture *f, struct tcp_end *from, struct sk_buff *skb)
{
	struct sim *s = &f->w->sim;
	struct wire *w = from->out;
	u32 bytes = skb->len + 20 + 38;
	nsec_t start = max(s->now, w->free_at);

	if (f->rate)
		start += (nsec_t)((u64)bytes * 8 * NSEC_PER_SEC / f->rate);
	w->free_at = start;
	assert_true(w->tail - w->head < WIRE_MAX);
	skb->host = tp_sock(w->to->tp)->host;
	w->t[w->tail % WIRE_MAX] = start + f->delay;
	w->skb[w->tail++ % WIRE_MAX] = skb;
	if (!event_pending(&w->ev))
		event_at(s, &w->ev, 0, w->t[w->head % WIRE_MAX]);
}

static void note_segment(struct tcp_end *e, struct sk_buff *skb, struct seg_note *n, u8 tos)
{
	struct tcp_options_received o = {0};
	const u8 *th = skb_data(skb);

	parse_header(skb, tos);
	tcp_parse_options(e->net, th, TCP_SKB_CB(skb)->hdr_len, &o, false);
	*n = (struct seg_note){.t = e->net->sim->now, .seq = get_be32(th + 4), .ack = get_be32(th + 8),
			       .len = skb->len - TCP_SKB_CB(skb)->hdr_len, .flags = th[13],
			       .nsacks = o.num_sacks, .tos = tos,
			       .window = (u32)get_be16(th + 14) << e->tp->rx_opt.rcv_wscale};
	memcpy(n->sacks, o.sacks, sizeof(n->sacks));
}

static void send_segment(struct tcp_fixture *f, struct tcp_end *e, struct sk_buff *skb, u8 tos)
{
	struct seg_note n;

	note_segment(e, skb, &n, tos);
	n.lost = f->lose && f->lose(e, &n, n.len ? e->ndata : 0);
	e->ndata += !!n.len;
	if (e->nsent < NOTES_MAX)
		e->notes[e->nsent] = n;
	e->nsent++;
	if ((tos & 3) && f->mark)
		TCP_SKB_CB(skb)->ip_dsfield = f->mark;
	if (n.lost)
		consume_skb(skb);
	else
		wire_send(f, e, skb);
}

/* One wire segment of a super-packet: header with its own sequence number, payload [off, off+len). */
static struct sk_buff *cut(struct sk_buff *skb, u32 hlen, u32 off, u32 len, bool last)
{
	struct sk_buff *seg = alloc_skb(skb->host);
	u8 *th = skb_put(seg, hlen);

	memcpy(th, skb_data(skb), hlen);
	put_be32(th + 4, get_be32(th + 4) + off);
	if (!last)
		th[13] &= (u8) ~(TCPHDR_FIN | TCPHDR_PSH);
	if (off)
		th[13] &= (u8)~TCPHDR_CWR;
	assert_true(!len || skb_add_range(seg, skb, hlen + off, len));
	/* A driver's page of 2 KiB for each segment. */
	seg->truesize = 2304;
	return seg;
}

int ip_output(struct net *net, struct sk_buff *skb, struct dst *dst, const struct ip_tx *tx)
{
	struct tcp_end *e = end_of_net(net);
	u32 hlen = (u32)(skb_data(skb)[12] >> 4) * 4, payload = skb->len - hlen;
	u32 mss = skb->gso_size ? skb->gso_size : max(payload, 1u), off = 0;

	do {
		u32 n = min(mss, payload - off);

		send_segment(fixture, e, cut(skb, hlen, off, n, off + n == payload), tx->tos);
		off += n;
	} while (off < payload);
	consume_skb(skb);
	return 0;
}

/* ---- set-up ---- */

static void net_defaults(struct net *net, struct host *h)
{
	net->host = h;
	net->sim = h->sim;
	net->sysctl = (struct net_sysctl){
		.tcp_rmem = {4096, 131072, 33554432}, .tcp_wmem = {4096, 16384, 4194304},
		.tcp_congestion_control = "cubic", .tcp_syn_retries = 6, .tcp_retries1 = 3,
		.tcp_retries2 = 15, .tcp_fin_timeout = 60 * NSEC_PER_SEC,
		.tcp_keepalive_time = 7200 * NSEC_PER_SEC, .tcp_keepalive_intvl = 75 * NSEC_PER_SEC,
		.tcp_keepalive_probes = 9, .tcp_timestamps = true, .tcp_sack = true,
		.tcp_window_scaling = true, .tcp_slow_start_after_idle = true,
		.tcp_moderate_rcvbuf = true, .tcp_reordering = 3, .tcp_limit_output_bytes = 4 << 20,
		.tcp_min_snd_mss = 48, .tcp_min_tso_segs = 2, .tcp_tso_win_divisor = 3,
		.tcp_rto_min = TCP_RTO_MIN, .tcp_rto_max = TCP_RTO_MAX, .rmem_max = 4 << 20};
}

static void end_init(struct tcp_fixture *f, struct tcp_end *e, struct tcp_end *peer,
		     const char *name, u32 iss, u32 irs)
{
	struct host *h = host_new(f->w, name, 1);
	struct tcp_sock *tp = xcalloc(1, sizeof(*tp));
	struct sock *sk = tp_sock(tp);

	memset(&h->cost, 0, sizeof(h->cost));
	e->f = f;
	e->net = xcalloc(1, sizeof(*e->net));
	net_defaults(e->net, h);
	e->tp = tp;
	*sk = (struct sock){.net = e->net, .host = h, .refs = 2, .state = TCP_ESTABLISHED,
			    .rcvbuf = 131072, .sndbuf = 16384, .rcvlowat = 1,
			    .max_pacing_rate = ~0ull, .data_ready = end_data_ready};
	skb_queue_init(&sk->receive_queue);
	skb_queue_init(&tp->write_queue);
	skb_queue_init(&tp->rtx_queue);
	skb_queue_init(&tp->out_of_order_queue);
	/* v4-mapped 10.0.0.x */
	tp->inet.saddr.b[10] = tp->inet.saddr.b[11] = 0xff;
	tp->inet.daddr = tp->inet.saddr;
	tp->inet.uc_ttl = -1;
	tp->inet.dst = (struct dst){.dev = (struct net_device *)h, .mtu = 1500, .expires = NSEC_NEVER};
	tp->rx_opt = (struct tcp_options_received){.tstamp_ok = true, .sack_ok = true,
						   .wscale_ok = true, .snd_wscale = 10,
						   .rcv_wscale = 10, .mss_clamp = 1460};
	tp->tcp_header_len = 32;
	tp->advmss = 1460;
	tp->snd_una = tp->snd_nxt = tp->write_seq = tp->pushed_seq = tp->snd_up = tp->snd_sml = iss;
	tp->rcv_nxt = tp->copied_seq = tp->rcv_wup = irs;
	tp->rto = TCP_TIMEOUT_INIT;
	tp->snd_cwnd_clamp = ~0u;
	e->reading = true;
	e->out = xcalloc(1, sizeof(*e->out));
	e->out->to = peer;
	event_init(&e->out->ev, 0, wire_deliver);
	tcp_init_xmit_timers(tp);
}

static void end_start(struct tcp_end *e)
{
	struct tcp_sock *tp = e->tp;

	tcp_select_initial_window(e->net, tp_sock(tp), tcp_full_space(tp), 1460, &tp->rcv_wnd,
				  &tp->window_clamp, true, &tp->rx_opt.rcv_wscale);
	tp->rcv_ssthresh = tp->rcv_wnd;
	tp->snd_wnd = tp->max_window = tp->rcv_wnd;
	tcp_sync_mss(tp, 1500);
	tcp_initialize_rcv_mss(tp);
	tcp_rtt_sample(tp, 2 * e->f->delay);
	tcp_init_metrics(tp);
	tcp_init_congestion_control(tp);
	tcp_init_buffer_space(tp);
}

/* Two sockets, as after a handshake at time 1 s over a path with that delay one way. */
static __unused_arg struct tcp_fixture *tcp_setup(nsec_t delay)
{
	struct tcp_fixture *f = xcalloc(1, sizeof(*f));

	fixture = f;
	f->tr = trace_new(TRACE_NONE);
	f->w = world_new(1, strategy_default(), f->tr);
	skb_world_init(f->w);
	f->delay = delay;
	f->w->sim.now = NSEC_PER_SEC;
	end_init(f, &f->a, &f->b, "a", 1000, 900000);
	end_init(f, &f->b, &f->a, "b", 900000, 1000);
	end_start(&f->a);
	end_start(&f->b);
	return f;
}

static void end_free(struct tcp_end *e)
{
	while (e->out->head != e->out->tail)
		consume_skb(e->out->skb[e->out->head++ % WIRE_MAX]);
	tcp_clear_xmit_timers(e->tp);
	tcp_write_queue_purge(e->tp);
	tcp_ofo_queue_purge(e->tp);
	skb_queue_purge(&tp_sock(e->tp)->receive_queue);
	assert_int_equal(tp_sock(e->tp)->wmem_queued, 0);
	assert_int_equal(tp_sock(e->tp)->rmem_alloc, 0);
	event_cancel(&e->f->w->sim, &e->out->ev);
	free(e->out);
	free(e->tp);
	free(e->net);
}

static __unused_arg void tcp_teardown(struct tcp_fixture *f)
{
	end_free(&f->a);
	end_free(&f->b);
	world_destroy(f->w);
	trace_free(f->tr, true);
	free(f);
	fixture = NULL;
}

/* Runs for d more. */
static __unused_arg void tcp_run(struct tcp_fixture *f, nsec_t d)
{
	nsec_t until = f->w->sim.now + d;

	sim_run(&f->w->sim, until);
	f->w->sim.now = max(f->w->sim.now, until);
}

/* The scoreboard against the queue: what tcp.h promises. */
static __unused_arg void tcp_check_counts(struct tcp_sock *tp)
{
	u32 packets = 0, sacked = 0, lost = 0, retrans = 0, seq = tp->snd_una;
	struct sk_buff *skb;

	list_for_each_entry(skb, &tp->rtx_queue.list, node) {
		const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

		assert_int_equal(cb->seq, seq);
		seq = cb->end_seq;
		packets += cb->tcp_gso_segs;
		sacked += cb->sacked & TCPCB_SACKED_ACKED ? cb->tcp_gso_segs : 0;
		lost += cb->sacked & TCPCB_LOST ? cb->tcp_gso_segs : 0;
		retrans += cb->sacked & TCPCB_SACKED_RETRANS ? cb->tcp_gso_segs : 0;
	}
	assert_int_equal(packets, tp->packets_out);
	if (tp->rx_opt.sack_ok)
		assert_int_equal(sacked, tp->sacked_out);
	assert_int_equal(lost, tp->lost_out);
	assert_int_equal(retrans, tp->retrans_out);
}

#endif
