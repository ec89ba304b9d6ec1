/* SPDX-License-Identifier: MIT */
/*
 * TIME_WAIT, and FIN_WAIT2 of connections that nobody holds: small socks that remember sequence
 * numbers, window and timestamp of a connection whose full sock is gone.
 *
 * RFC 9293 3.10.7.4, RFC 6191 (a new connection in place of one in TIME_WAIT, by timestamps), RFC
 * 1337 (an RST ends TIME_WAIT unless tcp_rfc1337). A sock in TIME_WAIT holds the 4-tuple and the
 * port for 60 seconds; each acceptable segment starts them anew. There are at most
 * tcp_max_tw_buckets of them on a host: beyond that a connection ends without TIME_WAIT
 * (TCPTimeWaitOverflow).
 *
 * Ownership: one reference, held by the timer and the table together; tcp_timewait_kill() drops it.
 */
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

#define TCP_PAWS_24DAYS (24LL * 86400 * NSEC_PER_SEC)
#define TCP_PAWS_MSL (60 * NSEC_PER_SEC)
#define TCP_TW_REUSE_DELAY NSEC_PER_SEC
#define TW_KILL_MAX (4 * NSEC_PER_SEC) /* a shorter stay counts as killed */
#define LOOPBACK_IFINDEX 1

static void tw_destruct(struct sock *sk)
{
	struct tcp_timewait_sock *tw = tcp_twsk(inet_sk(sk));

	timer_del(&tw->timer);
	inet_ehash_remove(&tw->inet);
	inet_put_port(sk);
	sk->net->tcp_tw_count--;
}

static const struct proto_ops tcp_tw_ops = {
	.name = "TCP-TW",
	.family = AF_INET,
	.type = SOCK_STREAM,
	.protocol = IPPROTO_TCP,
	.obj_size = sizeof(struct tcp_timewait_sock),
	.destruct = tw_destruct,
};

void tcp_timewait_kill(struct tcp_timewait_sock *tw)
{
	sock_put(&tw->inet.sk);
}

static void tw_timer(struct timer *t)
{
	tcp_timewait_kill(container_of(t, struct tcp_timewait_sock, timer));
}

static void tw_restart(struct tcp_timewait_sock *tw)
{
	timer_mod(&tw->timer, net_now(tw->inet.sk.net) + TCP_TIMEWAIT_LEN);
}

/* ---- birth ----------------------------------------------------------------------------------- */

/* Who it was: what lookups, bind()'s rules and answers look at. */
static void tw_copy_identity(struct inet_sock *to, const struct inet_sock *from)
{
	to->sk.family = from->sk.family;
	to->sk.cookie = from->sk.cookie;
	to->sk.reuse = from->sk.reuse;
	to->sk.reuseport = from->sk.reuseport;
	to->sk.uid = from->sk.uid;
	to->sk.bound_dev_if = from->sk.bound_dev_if;
	to->sk.mark = from->sk.mark;
	to->sk.priority = from->sk.priority;
	to->saddr = from->saddr;
	to->rcv_saddr = from->rcv_saddr;
	to->daddr = from->daddr;
	to->dport = from->dport;
	to->v6only = from->v6only;
	to->tos = from->tos;
	to->flowlabel = from->flowlabel;
	to->transparent = from->transparent;
}

static struct tcp_timewait_sock *tw_alloc(struct tcp_sock *tp, int state)
{
	struct net *net = tp_net(tp);
	struct tcp_timewait_sock *tw;

	if (net->tcp_tw_count >= net->sysctl.tcp_max_tw_buckets)
		return NULL;
	tw = tcp_twsk(inet_sk(sk_alloc(net, &tcp_tw_ops)));
	inet_sock_init(&tw->inet);
	tw_copy_identity(&tw->inet, &tp->inet);
	tw->inet.sk.state = TCP_TIME_WAIT;
	tw->inet.sk.dead = true;
	tw->substate = (u8)state;
	tw->rcv_wscale = tp->rx_opt.rcv_wscale;
	tw->snd_nxt = tp->snd_nxt;
	tw->rcv_nxt = tp->rcv_nxt;
	tw->rcv_wnd = tcp_receive_window(tp);
	tw->ts_recent = tp->rx_opt.ts_recent;
	tw->ts_recent_stamp = tp->rx_opt.ts_recent_stamp;
	tw->ts_offset = tp->tsoffset;
	tw->entry_stamp = tp_now(tp);
	timer_init(&tw->timer, net->host, tw_timer);
	net->tcp_tw_count++;
	return tw;
}

void tcp_time_wait(struct tcp_sock *tp, int state, nsec_t timeo)
{
	struct net *net = tp_net(tp);
	struct tcp_timewait_sock *tw = tw_alloc(tp, state);

	if (tw) {
		/* Long enough to answer retransmissions of the peer's FIN. */
		timeo = max(timeo, (tp->rto << 2) - (tp->rto >> 1));
		if (state == TCP_TIME_WAIT)
			timeo = TCP_TIMEWAIT_LEN;
		inet_ehash_remove(&tp->inet);
		inet_inherit_port(&tw->inet, &tp->inet);
		inet_ehash_insert(&tw->inet);
		timer_mod(&tw->timer, net_now(net) + timeo);
		if (timeo <= TW_KILL_MAX)
			NET_INC_STATS(net, TWKilled);
		else
			NET_INC_STATS(net, TW);
	} else {
		NET_INC_STATS(net, TCPTimeWaitOverflow);
	}
	tcp_done(tp);
}

/* ---- segments -------------------------------------------------------------------------------- */

/* Parses the timestamp of a segment for tw; true: PAWS refuses it (RFC 7323 5.3). */
static bool tw_paws_reject(struct tcp_timewait_sock *tw, const u8 *th,
			   struct tcp_options_received *opt)
{
	struct net *net = tw->inet.sk.net;
	bool syn = th[13] & TCPHDR_SYN, rst = th[13] & TCPHDR_RST;
	u32 hdr_len = (u32)(th[12] >> 4) * 4;

	*opt = (struct tcp_options_received){ .tstamp_ok = net->sysctl.tcp_timestamps };
	if (hdr_len <= 20 || !tw->ts_recent_stamp)
		return false;
	tcp_parse_options(net, th, hdr_len, opt, syn);
	if (!opt->saw_tstamp)
		return false;
	if ((s32)(tw->ts_recent - opt->rcv_tsval) <= 0 || !tw->ts_recent ||
	    net_now(net) >= tw->ts_recent_stamp + TCP_PAWS_24DAYS)
		return false;
	/* An RST after a while need not have a good timestamp: the peer may have been restarted. */
	return !(rst && net_now(net) >= tw->ts_recent_stamp + TCP_PAWS_MSL);
}

static bool tcp_in_window(u32 seq, u32 end_seq, u32 s_win, u32 e_win)
{
	if (seq == s_win)
		return true;
	if (after(end_seq, s_win) && before(seq, e_win))
		return true;
	return seq == e_win && seq == end_seq;
}

static enum tcp_tw_status ack_rate_limited(struct tcp_timewait_sock *tw, const struct sk_buff *skb,
					   enum mib mib)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	bool has_data = cb->seq != cb->end_seq && !(cb->tcp_flags & TCPHDR_SYN);

	return tcp_oow_rate_limited(tw->inet.sk.net, &tw->last_oow_ack_time, has_data, mib) ?
		       TCP_TW_SUCCESS :
		       TCP_TW_ACK;
}

static void tw_note_tstamp(struct tcp_timewait_sock *tw, const struct tcp_options_received *opt)
{
	if (!opt->saw_tstamp)
		return;
	tw->ts_recent = opt->rcv_tsval;
	tw->ts_recent_stamp = net_now(tw->inet.sk.net);
}

static enum tcp_tw_status tw_end(struct tcp_timewait_sock *tw)
{
	tcp_timewait_kill(tw);
	return TCP_TW_SUCCESS;
}

/* The checks that tcp_rcv_state_process() makes in FIN_WAIT2. */
static enum tcp_tw_status fin_wait2_process(struct tcp_timewait_sock *tw, struct sk_buff *skb,
					    const struct tcp_options_received *opt,
					    bool paws_reject)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (paws_reject ||
	    !tcp_in_window(cb->seq, cb->end_seq, tw->rcv_nxt, tw->rcv_nxt + tw->rcv_wnd))
		return ack_rate_limited(tw, skb, MIB_TCPACKSkippedFinWait2);
	if (cb->tcp_flags & TCPHDR_RST)
		return tw_end(tw);
	if ((cb->tcp_flags & TCPHDR_SYN) && !before(cb->seq, tw->rcv_nxt))
		return TCP_TW_RST;
	if (!(cb->tcp_flags & TCPHDR_ACK) || !after(cb->end_seq, tw->rcv_nxt) ||
	    cb->end_seq == cb->seq)
		return TCP_TW_SUCCESS;
	/* Nobody is left to read data: RFC 9293 3.10.4 (CLOSE of an application that has gone). */
	if (!(cb->tcp_flags & TCPHDR_FIN) || cb->end_seq != tw->rcv_nxt + 1)
		return TCP_TW_RST;
	tw->substate = TCP_TIME_WAIT;
	tw->rcv_nxt = cb->end_seq;
	if (opt->saw_tstamp)
		tw->entry_stamp = net_now(tw->inet.sk.net);
	tw_note_tstamp(tw, opt);
	tw_restart(tw);
	return TCP_TW_ACK;
}

/* A SYN that cannot be an old duplicate (RFC 9293 3.6.1, RFC 6191). */
static bool syn_is_new(const struct tcp_timewait_sock *tw, const struct tcp_skb_cb *cb,
		       const struct tcp_options_received *opt)
{
	if ((cb->tcp_flags & (TCPHDR_SYN | TCPHDR_RST | TCPHDR_ACK)) != TCPHDR_SYN)
		return false;
	return after(cb->seq, tw->rcv_nxt) ||
	       (opt->saw_tstamp && (s32)(tw->ts_recent - opt->rcv_tsval) < 0);
}

/* Above all that the old connection can have sent in any window. */
static u32 seq_after_tw(const struct tcp_timewait_sock *tw)
{
	u32 seq = tw->snd_nxt + 65535 + 2;

	return seq ? seq : 1;
}

/* The segment that is in the window of TIME_WAIT: a bare ACK or an RST at rcv_nxt. */
static enum tcp_tw_status tw_in_window(struct tcp_timewait_sock *tw, bool rst,
				       const struct tcp_options_received *opt)
{
	if (rst && !tw->inet.sk.net->sysctl.tcp_rfc1337)
		return tw_end(tw);
	if (!rst)
		tw_restart(tw);
	tw_note_tstamp(tw, opt);
	return TCP_TW_SUCCESS;
}

enum tcp_tw_status tcp_timewait_state_process(struct tcp_timewait_sock *tw, struct sk_buff *skb,
					      const u8 *th, u32 *isn)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	bool rst = cb->tcp_flags & TCPHDR_RST;
	struct tcp_options_received opt;
	bool paws_reject = tw_paws_reject(tw, th, &opt);

	if (tw->substate == TCP_FIN_WAIT2)
		return fin_wait2_process(tw, skb, &opt, paws_reject);
	if (!paws_reject && cb->seq == tw->rcv_nxt && (cb->seq == cb->end_seq || rst))
		return tw_in_window(tw, rst, &opt);
	if (!paws_reject && syn_is_new(tw, cb, &opt)) {
		*isn = seq_after_tw(tw);
		return TCP_TW_SYN;
	}
	if (paws_reject)
		NET_INC_STATS(tw->inet.sk.net, PAWSTimewait);
	if (rst)
		return TCP_TW_SUCCESS;
	/*
	 * A SYN without ACK may be an old duplicate, or a new one with a number below rcv_nxt; the
	 * latter must not keep TIME_WAIT alive for ever.
	 */
	if (paws_reject || (cb->tcp_flags & TCPHDR_ACK))
		tw_restart(tw);
	return ack_rate_limited(tw, skb, MIB_TCPACKSkippedTimeWait);
}

void tcp_timewait_send_ack(struct tcp_timewait_sock *tw, const struct sk_buff *skb)
{
	const struct inet_sock *inet = &tw->inet;
	struct net *net = inet->sk.net;
	struct tcp_header_spec h = {
		.saddr = inet->rcv_saddr,
		.daddr = inet->daddr,
		.sport = inet->num,
		.dport = inet->dport,
		.seq = tw->snd_nxt,
		.ack = tw->rcv_nxt,
		.flags = TCPHDR_ACK,
		.window = (u16)(tw->rcv_wnd >> tw->rcv_wscale),
		.tos = inet->tos,
		.mark = inet->sk.mark,
		.oif = inet->sk.bound_dev_if,
	};

	if (tw->ts_recent) {
		h.tstamp = true;
		h.tsval = (u32)(net_now(net) / NSEC_PER_TS_TICK) + tw->ts_offset;
		h.tsecr = tw->ts_recent;
	}
	tcp_send_bare(net, &h, NULL);
}

/* ---- reuse by connect() ---------------------------------------------------------------------- */

static bool on_loopback(const struct inet_sock *tw)
{
	return tw->sk.bound_dev_if == LOOPBACK_IFINDEX || ipaddr_is_loopback(&tw->daddr) ||
	       ipaddr_is_loopback(&tw->rcv_saddr);
}

/*
 * PAWS makes it safe from the point of view of the data: old segments have old timestamps. The
 * port's owner who bound it before may always; for others tcp_tw_reuse decides, and only once a
 * second has passed, so that timestamps of the new connection are newer for sure.
 */
static bool may_reuse(const struct tcp_timewait_sock *tw, bool bound)
{
	const struct net *net = tw->inet.sk.net;
	int reuse = net->sysctl.tcp_tw_reuse;

	if (!tw->ts_recent_stamp)
		return false;
	if (bound)
		return true;
	if (tw->substate == TCP_FIN_WAIT2 || (reuse == 2 && !on_loopback(&tw->inet)))
		return false;
	return reuse && net_now(net) > tw->entry_stamp + TCP_TW_REUSE_DELAY;
}

bool tcp_twsk_unique(struct inet_sock *old, struct inet_sock *inet)
{
	struct tcp_sock *tp = tcp_sk(&inet->sk);
	struct tcp_timewait_sock *tw;

	if (old->sk.state != TCP_TIME_WAIT)
		return false;
	tw = tcp_twsk(old);
	if (!may_reuse(tw, inet->num != 0))
		return false;
	tp->write_seq = seq_after_tw(tw);
	tp->rx_opt.ts_recent = tw->ts_recent;
	tp->rx_opt.ts_recent_stamp = tw->ts_recent_stamp;
	NET_INC_STATS(inet->sk.net, TWRecycled);
	tcp_timewait_kill(tw);
	return true;
}
