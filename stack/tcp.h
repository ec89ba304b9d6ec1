/* SPDX-License-Identifier: MIT */
/*
 * TCP: the state of a connection and the doors between the files that implement it.
 *
 * Theory of operation
 *
 * RFC 9293 as Linux 6.18 does it. Files by what they hold:
 *   tcp.c            birth and death, states, poll, ioctl
 *   tcp_connect.c    connect, disconnect
 *   tcp_sendmsg.c, tcp_recvmsg.c
 *   tcp_close.c      shutdown, close, SO_LINGER, orphans, the peer's FIN and RST
 *   tcp_listen.c     listen, accept, the accept queue
 *   tcp_request.c    request socks: the SYN queue, SYN-ACKs, the final ACK
 *   tcp_minisocks.c  from a request or a cookie to a connection
 *   tcp_syncookies.c SYN cookies
 *   tcp_rcv.c        demultiplexing, checksum, RST, challenge ACKs (RFC 5961), ICMP errors
 *   tcp_state.c      the state machine outside ESTABLISHED
 *   tcp_timewait.c   TIME_WAIT and FIN_WAIT2 orphans as small socks; reuse
 *   tcp_sockopt.c    the IPPROTO_TCP table; tcp_info.c TCP_INFO
 *   tcp_options.c    parsing of header options; tcp_seq.c first sequence numbers
 *   tcp_input.c      established processing: sequence check, data queues, urgent, window
 *   tcp_ack.c        ACK processing: RTT, retransmit queue, SACK scoreboard, recovery state machine
 *   tcp_output.c     what may be sent when: Nagle, cwnd, window, TSO size; building segments
 *   tcp_retransmit.c retransmission, probes, RSTs and FINs
 *   tcp_timer.c      RTO, delayed ACK, persist, keepalive, user timeout
 *   tcp_cong.c       congestion-control interface, Reno; tcp_cubic.c CUBIC
 *   tcp_rcvbuf.c     receive and send buffer autotuning, window selection
 * Left their place, in files to come: tcp_rack.c, tcp_prr.c, tcp_bbr.c, tcp_fastopen.c.
 *
 * Invariants
 *   - sk_write_queue holds segments not yet sent, rtx_queue those sent and not acknowledged, both in
 *     order of seq without gaps: snd_una = first of rtx_queue, snd_nxt = end of the last of it.
 *   - queue skbs carry payload slices only and no headers; transmission clones them, so the wire and
 *     the queue share bytes.
 *   - out_of_order_queue is sorted by seq and has no overlaps; all of it lies beyond rcv_nxt.
 *   - sacked_out + lost_out <= packets_out; counts are in segments (tcp_skb_pcount()).
 */
#ifndef STACK_TCP_H
#define STACK_TCP_H

#include <netinet/tcp.h>

#include "sim/host/timer.h"
#include "stack/inet.h"

struct tcp_sock;
struct tcp_request_sock;

#define TCP_MIN_MSS 88u
#define TCP_MAX_WSCALE 14u
#define TCP_INIT_CWND 10u
#define TCP_INFINITE_SSTHRESH 0x7fffffffu
#define TCP_TIMEOUT_INIT (1 * NSEC_PER_SEC)    /* RFC 6298 2.1 */
#define TCP_RTO_MIN (200 * NSEC_PER_MSEC)
#define TCP_RTO_MAX (120 * NSEC_PER_SEC)
#define TCP_DELACK_MIN (40 * NSEC_PER_MSEC)
#define TCP_DELACK_MAX (200 * NSEC_PER_MSEC)
#define TCP_ATO_MIN (40 * NSEC_PER_MSEC)
#define TCP_TIMEWAIT_LEN (60 * NSEC_PER_SEC)
#define TCP_MAX_QUICKACKS 16u
#define TCP_RESOURCE_PROBE_INTERVAL (500 * NSEC_PER_MSEC)

/* tp->nonagle, as in Linux. */
#define TCP_NAGLE_OFF 1
#define TCP_NAGLE_CORK 2
#define TCP_NAGLE_PUSH 4
/* tp->urg_data: the byte in the low eight bits and one of these. */
#define TCP_URG_VALID 0x0100
#define TCP_URG_NOTYET 0x0200
#define TCP_URG_READ 0x0400

/* Header flags, as in the 13th and 14th byte. */
#define TCPHDR_FIN 0x01
#define TCPHDR_SYN 0x02
#define TCPHDR_RST 0x04
#define TCPHDR_PSH 0x08
#define TCPHDR_ACK 0x10
#define TCPHDR_URG 0x20
#define TCPHDR_ECE 0x40
#define TCPHDR_CWR 0x80

/* What TCP keeps in skb->cb: of queued segments, and of received ones once they are parsed. */
struct tcp_skb_cb {
	u32 seq, end_seq;  /* SYN and FIN count */
	u32 ack_seq;
	u8 tcp_flags;
	u8 sacked;	   /* TCPCB_* */
	u8 ip_dsfield;
	bool has_rxtstamp;
	u16 tcp_gso_segs, tcp_gso_size;
	u16 urg_ptr;
	u16 hdr_len;	   /* of a received segment */
	nsec_t tx_time;	   /* last transmission; 0: never */
	u32 delivered;	   /* rate sample: tp->delivered when sent */
	bool eor;	   /* MSG_EOR: nothing may be appended */
	nsec_t delivered_time;
};
#define TCP_SKB_CB(skb) ((struct tcp_skb_cb *)(void *)(skb)->cb)
#define TCPCB_SACKED_ACKED 0x01
#define TCPCB_SACKED_RETRANS 0x02
#define TCPCB_LOST 0x04
#define TCPCB_EVER_RETRANS 0x80
#define TCPCB_RETRANS (TCPCB_SACKED_RETRANS | TCPCB_EVER_RETRANS)

struct tcp_sack_block {
	u32 start_seq, end_seq;
};

/* Options of a received header, or to be written. */
struct tcp_options_received {
	bool saw_tstamp, tstamp_ok, wscale_ok, sack_ok, saw_sack;
	u8 snd_wscale, rcv_wscale;
	u8 num_sacks;	   /* blocks received, in sacks[] */
	u16 mss_clamp;	   /* peer's MSS option; 0: absent */
	u16 user_mss;
	u32 rcv_tsval, rcv_tsecr;
	u32 ts_recent;
	nsec_t ts_recent_stamp;
	struct tcp_sack_block sacks[4];
};

/* SOCK_STREAM of AF_INET and AF_INET6; tcp.c. */
extern const struct proto_ops tcp_prot, tcpv6_prot;

/* enum tcp_ca_state (TCP_CA_Open ... TCP_CA_Loss) is that of netinet/tcp.h. */

enum tcp_ca_event { CA_EVENT_TX_START, CA_EVENT_CWND_RESTART, CA_EVENT_COMPLETE_CWR, CA_EVENT_LOSS, CA_EVENT_ECN_NO_CE, CA_EVENT_ECN_IS_CE };

/* Congestion control: one table row for each algorithm (tcp_cong.c), names as in Linux. */
struct tcp_congestion_ops {
	const char *name;
	bool needs_ecn;
	void (*init)(struct tcp_sock *tp);
	void (*release)(struct tcp_sock *tp);
	u32 (*ssthresh)(struct tcp_sock *tp);
	void (*cong_avoid)(struct tcp_sock *tp, u32 ack, u32 acked);
	void (*set_state)(struct tcp_sock *tp, enum tcp_ca_state new_state);
	void (*cwnd_event)(struct tcp_sock *tp, enum tcp_ca_event ev);
	void (*pkts_acked)(struct tcp_sock *tp, u32 pkts, nsec_t rtt);
	u32 (*undo_cwnd)(struct tcp_sock *tp);
};
const struct tcp_congestion_ops *tcp_ca_find(const char *name); /* NULL: unknown */
/* The names of all, with spaces between; 0, or -EINVAL: they do not fit. */
int tcp_ca_list(char *buf, size_t len);

enum tcp_timer_kind { ICSK_TIME_NONE = 0, ICSK_TIME_RETRANS, ICSK_TIME_PROBE0 };

/* enum socket_state of linux/net.h, as far as connect() shows it. */
enum tcp_ss_state { SS_UNCONNECTED = 0, SS_CONNECTING, SS_CONNECTED };

struct tcp_sock {
	struct inet_sock inet; /* first */

	/* send side, RFC 9293 3.3.1 */
	u32 snd_una, snd_nxt, snd_wnd, snd_wl1, snd_up, write_seq, pushed_seq, snd_sml;
	u32 max_window;
	u32 mss_cache;	       /* current effective MSS, options counted */
	u32 pmtu_cookie;       /* the path MTU that it was computed from */
	u32 xmit_size_goal_segs;
	u16 tcp_header_len;
	u16 advmss;
	u16 ext_hdr_len;
	bool repair_reserved;
	struct sk_buff_head write_queue;
	struct sk_buff_head rtx_queue;
	struct skb_buf *page;  /* what small writes are copied to; NULL: none */
	u32 page_off;	       /* bytes of it in use */
	bool nospace;	       /* a writer found sndbuf full: SOCK_NOSPACE */
	bool tsq_throttled;    /* stopped by the small-queue limit; resumed when a packet has left */

	/* receive side */
	u32 rcv_nxt, copied_seq, rcv_wup, rcv_wnd, rcv_up_reserved;
	u32 window_clamp, rcv_ssthresh, rcv_tstamp_seq;
	u8 scaling_ratio;      /* payload in 256 bytes of receive memory; 0: not measured yet, half */
	u16 urg_data;	       /* TCP_URG_* | byte */
	u32 urg_seq;
	struct sk_buff_head out_of_order_queue;
	struct tcp_options_received rx_opt;
	bool dsack;	       /* duplicate_sack is to be reported */
	u8 num_selective_acks; /* blocks to send, without the duplicate one */
	struct tcp_sack_block duplicate_sack;
	struct tcp_sack_block selective_acks[4];
	u32 last_oow_ack_seq_reserved;
	nsec_t last_oow_ack_time;
	nsec_t rcv_tstamp;     /* last segment received */
	nsec_t lsndtime;       /* last data sent */
	u32 tsoffset;	       /* added to the timestamp clock */

	/* ACK policy (inet_csk(sk)->icsk_ack) */
	struct {
		u8 pending;    /* ICSK_ACK_* */
		u8 quick;      /* quick ACKs left */
		bool pingpong;
		u8 retry;
		nsec_t ato, timeout, lrcvtime;
		u16 rcv_mss, last_seg_size;
		u32 pingpong_count;
	} ack;

	/*
	 * RTT, RFC 6298 with Linux's fields; ns. srtt and rtt_min are not scaled; mdev, mdev_max and
	 * rttvar are four times the deviation, so that rto = srtt + rttvar. TCP_INFO's tcpi_rttvar is
	 * mdev / 4.
	 */
	nsec_t srtt, mdev, mdev_max, rttvar, rto, rtt_min;
	nsec_t rtt_min_stamp;  /* when rtt_min was seen; it holds for five minutes */
	u32 rtt_seq;
	nsec_t retrans_stamp;  /* first retransmission of this episode, 0: none */
	u32 total_rto;	       /* expiries of the retransmission timer; SYNs: linear timeouts first */
	u8 backoff, retransmits, probes_out, syn_retries, keepalive_probes;
	nsec_t probes_tstamp;
	u32 total_retrans;
	nsec_t user_timeout;   /* 0: none */
	nsec_t rto_min;

	/* congestion state */
	u8 ca_state;	       /* enum tcp_ca_state */
	const struct tcp_congestion_ops *ca_ops;
	u64 ca_priv[16];       /* the algorithm's own */
	u32 snd_cwnd, snd_ssthresh, snd_cwnd_cnt, snd_cwnd_clamp, snd_cwnd_used, prior_cwnd, prior_ssthresh;
	nsec_t snd_cwnd_stamp;
	bool is_cwnd_limited;
	u32 max_packets_out, cwnd_usage_seq;
	u32 packets_out, sacked_out, lost_out, retrans_out;
	/* Hints into rtx_queue, so that the scoreboard is not walked from its head; NULL: the head. */
	struct sk_buff *highest_sack;	     /* the last one SACKed */
	struct sk_buff *lost_skb_hint;	     /* loss marking goes on here... */
	u32 lost_cnt_hint;		     /* ...after so many SACKed segments */
	struct sk_buff *retransmit_skb_hint; /* nothing lost and not retransmitted is before it */
	struct tcp_sack_block recv_sack_cache[4]; /* blocks of the last ACK: what is known already */
	u32 high_seq;	       /* snd_nxt when recovery began */
	u32 undo_marker;
	int undo_retrans;
	u32 reordering;
	bool is_sack_reneg;
	u32 prr_delivered, prr_out;
	u32 delivered, delivered_ce;
	u32 app_limited;
	nsec_t first_tx_time, delivered_time;
	u64 bytes_acked, bytes_received, bytes_sent, bytes_retrans;
	u32 segs_in, segs_out, data_segs_in, data_segs_out;
	u8 ecn_flags;	       /* TCP_ECN_* */
	bool frto;
	u32 loss_cwnd_reserved;
	u64 pacing_rate;       /* bytes/s */

	/* buffer autotuning */
	struct {
		nsec_t time;
		u32 space, seq;
	} rcvq_space;
	struct {
		nsec_t rtt, time;
		u32 seq, last_tsecr;
	} rcv_rtt_est;

	/* options */
	bool nodelay, quickack_set;
	u8 nonagle;	       /* TCP_NAGLE_OFF 1, TCP_NAGLE_CORK 2, TCP_NAGLE_PUSH 4 */
	u8 defer_accept;       /* seconds, as number of SYN-ACK retransmissions inside */
	nsec_t keepalive_time, keepalive_intvl; /* 0: default */
	u8 keepcnt;
	nsec_t linger2;	       /* life of an orphan in FIN_WAIT2; 0: default, < 0: none */
	u8 syncnt;
	u32 notsent_lowat;
	bool thin_reserved;
	u32 window_clamp_user;

	/* listener */
	struct list_head accept_queue; /* struct tcp_sock.accept_node, in order of completion */
	struct list_head syn_queue;    /* struct tcp_request_sock, in order of arrival */
	u32 syn_qlen, syn_young;
	struct list_head accept_node;
	struct tcp_sock *listener;     /* while it waits in the accept queue */
	nsec_t synq_overflow;	       /* when a SYN cookie was last sent; 0: never */

	/* connection set-up and end, as the calls see them */
	u8 ss_state;	       /* enum tcp_ss_state: what connect() has told the caller */
	bool sock_done;	       /* SOCK_DONE: a FIN has come */
	bool closing;	       /* close() is under way (SO_LINGER waits) */
	bool orphan;	       /* counted in net->tcp_orphans; holds a reference of its own */
	struct sk_buff *syn_skb_reserved;
	bool syn_fastopen_reserved;
	u32 snt_isn, rcv_isn;
	nsec_t snt_synack;

	/* timers; one for retransmission and probes, as in Linux */
	u8 pending_timer;      /* enum tcp_timer_kind */
	nsec_t timeout;
	/* RFC 5690-like thinning of SACKs: ACKs held back while data is missing. */
	u8 dup_ack_counter;
	u32 compressed_ack, compressed_ack_rcv_nxt;
	struct timer retransmit_timer, delack_timer, keepalive_timer, pacing_timer, compressed_ack_timer;
};

static inline struct tcp_sock *tcp_sk(struct sock *sk)
{
	return (struct tcp_sock *)sk;
}
static inline struct sock *tp_sock(struct tcp_sock *tp)
{
	return &tp->inet.sk;
}
static inline struct net *tp_net(struct tcp_sock *tp)
{
	return tp->inet.sk.net;
}
static inline nsec_t tp_now(struct tcp_sock *tp)
{
	return tp->inet.sk.net->sim->now;
}
static inline bool before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}
static inline bool after(u32 a, u32 b)
{
	return before(b, a);
}
static inline bool between(u32 s, u32 lo, u32 hi)
{
	return hi - lo >= s - lo;
}
static inline u32 tcp_packets_in_flight(const struct tcp_sock *tp)
{
	return tp->packets_out - (tp->sacked_out + tp->lost_out) + tp->retrans_out;
}
static inline u32 tcp_skb_pcount(const struct sk_buff *skb)
{
	return TCP_SKB_CB(skb)->tcp_gso_segs;
}
/* Millisecond timestamp clock, RFC 7323 (Linux: 1 kHz). */
static inline u32 tcp_time_stamp(struct tcp_sock *tp)
{
	return (u32)(tp_now(tp) / NSEC_PER_MSEC) + tp->tsoffset;
}

/* ==== owned by the connection side ================================================================ */

/* Entry from the network layer. */
void tcp_v_rcv(struct net *net, struct sk_buff *skb);
void tcp_v_err(struct net *net, const struct icmp_error *e);
/* States other than ESTABLISHED. Takes skb (data at the TCP header, TCP_SKB_CB filled). */
void tcp_rcv_state_process(struct tcp_sock *tp, struct sk_buff *skb);
/* Ends the connection: state CLOSE, out of the tables, timers off, waiters told. */
void tcp_done(struct tcp_sock *tp);
/* An RST has come: sets err (ECONNREFUSED, EPIPE, ECONNRESET) and tcp_done(). */
void tcp_reset(struct tcp_sock *tp, struct sk_buff *skb);
/* A FIN has come in order, from tcp_data_queue(). */
void tcp_fin(struct tcp_sock *tp);
/* sk_err = ETIMEDOUT (or err_soft), from timers. */
void tcp_write_err(struct tcp_sock *tp);
void tcp_set_state(struct tcp_sock *tp, int state);
/* Moves to TIME_WAIT (or FIN_WAIT2 in a time-wait sock); frees the full sock. */
void tcp_time_wait(struct tcp_sock *tp, int state, nsec_t timeo);
/* An RST in answer to a segment (sk may be NULL). */
void tcp_v_send_reset(struct net *net, struct tcp_sock *tp, struct sk_buff *skb);
/*
 * Parses all options of the header th. syn: the options of a SYN begin anew what opt says of the
 * connection (tstamp_ok, wscale_ok, sack_ok, as offered and enabled here; mss_clamp, at most user_mss, when
 * there is an MSS option). Otherwise timestamps and SACK blocks count if tstamp_ok and sack_ok say so.
 * rcv_tsecr still holds the offset that we added.
 */
void tcp_parse_options(struct net *net, const u8 *th, u32 hdr_len, struct tcp_options_received *opt,
		       bool syn);
/* Initial sequence number and timestamp offset for a 4-tuple: RFC 6528 with the host's secret. */
u32 tcp_secure_seq(struct net *net, const union ipaddr *s, u16 sp, const union ipaddr *d, u16 dp);
u32 tcp_secure_ts_off(struct net *net, const union ipaddr *s, const union ipaddr *d);
/* RFC 5961 challenge ACK, rate limited. */
void tcp_send_challenge_ack(struct tcp_sock *tp);
/* True: an answer to an out-of-window segment is suppressed (tcp_invalid_ratelimit). */
bool tcp_oow_rate_limited(struct net *net, nsec_t *last, bool has_data, enum mib mib_idx);
/* A connection has become established on our side: cc, buffers, RTT state ready. */
void tcp_init_transfer(struct tcp_sock *tp);
/* sendmsg may go on / wake writers: sk_stream_write_space(). */
void tcp_check_space(struct tcp_sock *tp);

/* ==== owned by the data side ====================================================================== */

/* Fast and slow path of ESTABLISHED. Takes skb. */
void tcp_rcv_established(struct tcp_sock *tp, struct sk_buff *skb);
/* RFC 9293 3.10.7.4 first checks: sequence, PAWS, RST, SYN. False: skb is consumed. */
bool tcp_validate_incoming(struct tcp_sock *tp, struct sk_buff *skb);
/* Queues data and FIN; takes skb. */
void tcp_data_queue(struct tcp_sock *tp, struct sk_buff *skb);
void tcp_urg(struct tcp_sock *tp, struct sk_buff *skb);
void tcp_data_snd_check(struct tcp_sock *tp);
void tcp_ack_snd_check(struct tcp_sock *tp);

#define FLAG_SLOWPATH 0x100
#define FLAG_UPDATE_TS_RECENT 0x4000
#define FLAG_NO_CHALLENGE_ACK 0x8000
/* > 0: acceptable; 0: old; < 0: a drop reason, negated. */
int tcp_ack(struct tcp_sock *tp, struct sk_buff *skb, int flag);
/* One RTT sample from the SYN exchange (ns, < 0: none) and the RTO after it. */
void tcp_rtt_sample(struct tcp_sock *tp, nsec_t rtt);
void tcp_set_rto(struct tcp_sock *tp);
void tcp_init_wl(struct tcp_sock *tp, u32 seq);
void tcp_init_buffer_space(struct tcp_sock *tp);
void tcp_initialize_rcv_mss(struct tcp_sock *tp);
void tcp_init_congestion_control(struct tcp_sock *tp);
void tcp_init_metrics(struct tcp_sock *tp); /* initial cwnd, ssthresh */
void tcp_enter_loss(struct tcp_sock *tp);
void tcp_enter_cwr(struct tcp_sock *tp);
/* 0 or -errno: e.g. -EINVAL, -EPERM, -ENOENT. */
int tcp_set_congestion_control(struct tcp_sock *tp, const char *name);

/* Output. */
/* Builds and sends one segment: clones skb (or takes it when clone is false). 0 or -errno. */
int tcp_transmit_skb(struct tcp_sock *tp, struct sk_buff *skb, bool clone);
/* Sends what cwnd, window and Nagle allow. nonagle as tp->nonagle. */
void tcp_push_pending(struct tcp_sock *tp);
void tcp_push_one(struct tcp_sock *tp);
/*
 * After tcp_queue_data(): sets PSH (unless MSG_MORE) and the urgent pointer (MSG_OOB), then sends.
 * nonagle: tp->nonagle, or TCP_NAGLE_PUSH before sendmsg() waits for space (without MSG_MORE).
 */
void tcp_push(struct tcp_sock *tp, int flags, int nonagle);
/* True when sendmsg() may queue more: sndbuf and TCP_NOTSENT_LOWAT (sk_stream_memory_free()). */
bool tcp_stream_memory_free(struct tcp_sock *tp);
/*
 * Appends user data to write_queue, up to sndbuf; called by tcp_sendmsg(). Returns bytes taken (0: no
 * room). Merges into the last unsent segment as Linux does; eor: MSG_EOR.
 */
size_t tcp_queue_data(struct tcp_sock *tp, const struct iov_iter *it, size_t off, size_t len, int flags);
/* Connect: queues and sends the SYN. */
int tcp_connect_output(struct tcp_sock *tp);
/* The SYN-ACK of simultaneous open. */
void tcp_send_synack(struct tcp_sock *tp);
void tcp_send_ack(struct tcp_sock *tp);
void tcp_send_delayed_ack(struct tcp_sock *tp);
void tcp_send_fin(struct tcp_sock *tp);
void tcp_send_active_reset(struct tcp_sock *tp);
/* Reader has taken data: sends a window update when worth it. copied: bytes just read, 0: unknown. */
void tcp_cleanup_rbuf(struct tcp_sock *tp, int copied);
void tcp_rcv_space_adjust(struct tcp_sock *tp);
/* Window to advertise now; updates rcv_wnd and rcv_wup. */
u16 tcp_select_window(struct tcp_sock *tp);
/* Initial window and scale for a SYN or SYN-ACK. */
void tcp_select_initial_window(struct net *net, struct sock *sk, u32 space, u32 mss, u32 *rcv_wnd,
			       u32 *window_clamp, bool wscale_ok, u8 *rcv_wscale);
/* Recomputes mss_cache from the path MTU; returns it. */
u32 tcp_sync_mss(struct tcp_sock *tp, u32 pmtu);
u32 tcp_current_mss(struct tcp_sock *tp);
/* Sets window_clamp (TCP_WINDOW_CLAMP, autotuning) and what follows from it. */
void tcp_set_window_clamp(struct tcp_sock *tp, u32 val);
/* The whole receive buffer in window terms. */
u32 tcp_full_space(struct tcp_sock *tp);
/* Free receive space in window terms. */
u32 tcp_space(struct tcp_sock *tp);
void tcp_send_window_probe(struct tcp_sock *tp);
int tcp_write_wakeup(struct tcp_sock *tp);
/* Retransmits the head; for PMTU changes and the RTO timer. */
int tcp_retransmit_skb(struct tcp_sock *tp, struct sk_buff *skb);
void tcp_simple_retransmit(struct tcp_sock *tp);
void tcp_write_queue_purge(struct tcp_sock *tp);
void tcp_ofo_queue_purge(struct tcp_sock *tp);

/* Timers. */
void tcp_init_xmit_timers(struct tcp_sock *tp);
void tcp_clear_xmit_timers(struct tcp_sock *tp);
void tcp_reset_xmit_timer(struct tcp_sock *tp, enum tcp_timer_kind what, nsec_t when);
void tcp_rearm_rto(struct tcp_sock *tp);
void tcp_reset_keepalive_timer(struct tcp_sock *tp, nsec_t after);
void tcp_delete_keepalive_timer(struct tcp_sock *tp);
void tcp_set_keepalive(struct tcp_sock *tp, bool on);
nsec_t tcp_fin_time(const struct tcp_sock *tp);

/* ACK scheduling states in tp->ack.pending. */
#define ICSK_ACK_SCHED 1
#define ICSK_ACK_TIMER 2
#define ICSK_ACK_PUSHED 4
#define ICSK_ACK_PUSHED2 8
#define ICSK_ACK_NOW 16
#define ICSK_ACK_NOMEM 32 /* advertise no window: data was dropped for want of memory */
void tcp_enter_quickack_mode(struct tcp_sock *tp, u32 max_quickacks);

/* ECN, RFC 3168. */
#define TCP_ECN_OK 1
#define TCP_ECN_QUEUE_CWR 2
#define TCP_ECN_DEMAND_CWR 4
#define TCP_ECN_SEEN 8

/* Options of a header to write (tcp_header.c); only those that are asked for take room. */
struct tcp_out_options {
	bool tstamp, sack_perm, wscale_opt;
	u8 wscale;
	u16 mss; /* 0: no option */
	u32 tsval, tsecr;
	u8 num_sacks;
	const struct tcp_sack_block *sacks;
};
/* Bytes that they take in the header, a multiple of 4. */
u32 tcp_options_size(const struct tcp_out_options *o);
/* Writes them at p with Linux's order and padding. */
void tcp_options_write(u8 *p, const struct tcp_out_options *o);

/* ==== shared building blocks (tcp_header.c): segments without a full socket ========================= */

/* A header to write for SYN-ACKs, RSTs and TIME_WAIT ACKs. */
struct tcp_header_spec {
	union ipaddr saddr, daddr;
	u16 sport, dport;
	u32 seq, ack;
	u8 flags;
	u16 window;   /* already scaled */
	u8 tos, ttl;  /* ttl 0: default */
	u32 mark;
	bool tstamp;
	u32 tsval, tsecr;
	u16 mss;      /* 0: no option */
	bool sack_perm, wscale_opt;
	u8 wscale;
	int oif;
};
/* Builds and sends a segment without data. */
int tcp_send_bare(struct net *net, const struct tcp_header_spec *h, struct dst *dst);

#endif
