/* SPDX-License-Identifier: MIT */
/*
 * What the files of TCP's connection side share: small socks that stand for a connection before and after
 * its life, and the doors between tcp.c, tcp_connect.c, tcp_close.c, tcp_listen.c, tcp_request.c,
 * tcp_minisocks.c, tcp_rcv.c, tcp_state.c, tcp_timewait.c, tcp_syncookies.c, tcp_options.c, tcp_seq.c, tcp_sockopt.c.
 *
 * Small socks begin with struct inet_sock, because the established table holds inet_socks; their state
 * (TCP_NEW_SYN_RECV, TCP_TIME_WAIT) says what they are. They are made by sk_alloc() with proto_ops of
 * their own, so that tear-down and `ss` need to know nothing of them.
 *
 * A call runs as one step of its task and a segment as one step of a softirq, so there is no socket lock
 * and no lock backlog: what Linux defers to release_sock() happens in order by itself.
 */
#ifndef STACK_TCP_CONN_H
#define STACK_TCP_CONN_H

#include "stack/tcp.h"

struct sockopt_table;

/* ---- request socks (tcp_listen.c) ---- */
struct tcp_request_sock {
	struct inet_sock inet; /* first; in the established table */
	struct tcp_sock *listener; /* held; NULL once it stopped listening */
	struct list_head node;     /* listener->syn_queue */
	struct tcp_options_received rx_opt; /* what the SYN offered and we accept */
	u32 rcv_isn, snt_isn;
	u32 rcv_wnd, window_clamp;
	u32 ts_off;
	u16 mss;		   /* that we announce */
	bool ecn_ok;
	bool acked;		   /* TCP_DEFER_ACCEPT: the handshake's ACK has come */
	bool cookie;		   /* answered with a SYN cookie: never queued */
	u8 num_retrans, num_timeout;
	nsec_t snt_synack;
	u32 snt_tsval_first, snt_tsval_last; /* timestamps of our SYN-ACKs: what may be echoed */
	nsec_t last_oow_ack_time;
	struct timer timer;
};

static inline struct tcp_request_sock *tcp_rsk(struct inet_sock *inet)
{
	return (struct tcp_request_sock *)inet;
}

/* ---- TIME_WAIT (tcp_timewait.c) ---- */
struct tcp_timewait_sock {
	struct inet_sock inet; /* first; sk.state TCP_TIME_WAIT, in the established table, holds the port */
	u8 substate;	       /* TCP_TIME_WAIT or TCP_FIN_WAIT2 */
	u8 rcv_wscale;
	u32 snd_nxt, rcv_nxt, rcv_wnd;
	u32 ts_recent;
	nsec_t ts_recent_stamp; /* 0: no timestamps */
	u32 ts_offset;
	nsec_t last_oow_ack_time;
	nsec_t entry_stamp;
	struct timer timer;
};

static inline struct tcp_timewait_sock *tcp_twsk(struct inet_sock *inet)
{
	return (struct tcp_timewait_sock *)inet;
}

/* What to do with a segment for a TIME_WAIT sock, RFC 9293 3.10.7.4 and RFC 6191. */
enum tcp_tw_status {
	TCP_TW_SUCCESS, /* dropped or handled: free the segment. tw may be gone */
	TCP_TW_RST,	/* answer with an RST, then tcp_timewait_kill() */
	TCP_TW_ACK,	/* answer with an ACK (tcp_timewait_send_ack()) */
	/*
	 * An acceptable new SYN: *isn is the first sequence number that we may use. With a listener for
	 * it: tcp_timewait_kill(), then the listener's; without: as TCP_TW_ACK.
	 */
	TCP_TW_SYN,
};
/* th: the header, TCP_SKB_CB filled. */
enum tcp_tw_status tcp_timewait_state_process(struct tcp_timewait_sock *tw, struct sk_buff *skb,
					      const u8 *th, u32 *isn);
void tcp_timewait_send_ack(struct tcp_timewait_sock *tw, const struct sk_buff *skb);
/* Takes tw out of the tables and frees it. */
void tcp_timewait_kill(struct tcp_timewait_sock *tw);
/* connect() found old on its 4-tuple (inet_hash_connect()): tcp_tw_reuse's rule; true: it was removed. */
bool tcp_twsk_unique(struct inet_sock *old, struct inet_sock *inet);

/* ---- SYN cookies (tcp_syncookies.c, net/ipv4/syncookies.c's scheme with our own keyed hash) ---- */
/*
 * rx and th are those of the peer's SYN, or of its ACK; both hold the 4-tuple. Counters (SyncookiesSent,
 * SyncookiesRecv, SyncookiesFailed) are the caller's.
 */
/* The sequence number of the SYN-ACK. *mss: in: the peer's, out: what the cookie can say of it. */
u32 tcp_cookie_init_sequence(struct net *net, const struct ip_rx *rx, const u8 *th, u16 *mss);
/* The MSS that the ACK's cookie stands for, 0: it is none of ours, or too old. */
u16 tcp_cookie_check(struct net *net, const struct ip_rx *rx, const u8 *th);
/*
 * Wscale, SACK and ECN in the low bits of the SYN-ACK's timestamp, and back: opt is what the ACK was parsed
 * to (with tstamp_ok set before), tsecr its rcv_tsecr less ts_off. False: not acceptable.
 */
u32 tcp_cookie_init_timestamp(struct net *net, const struct tcp_options_received *opt, bool ecn_ok,
			      u32 ts_off);
bool tcp_cookie_timestamp_decode(struct net *net, struct tcp_options_received *opt, u32 tsecr,
				 bool *ecn_ok);

/* ---- options of level IPPROTO_TCP (tcp_sockopt.c, tcp_info.c) ---- */
s64 tcp_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
		   socklen_t len);
s64 tcp_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val, socklen_t *len);

/* ---- between tcp.c, tcp_connect.c, tcp_close.c, tcp_listen.c, tcp_rcv.c ---- */
int tcp_init_sock(struct sock *sk);
s64 tcp_v_connect(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
		  int file_flags);
/* connect() with AF_UNSPEC, and what tcp_close() does to a connection that it aborts. */
int tcp_disconnect(struct tcp_sock *tp);
s64 tcp_release(struct task *t, struct sock *sk);
void tcp_destruct(struct sock *sk);
s64 tcp_shutdown(struct task *t, struct sock *sk, int how);
s64 tcp_listen(struct task *t, struct sock *sk, int backlog);
s64 tcp_accept(struct task *t, struct sock *sk, struct sock **out, int file_flags);
/* Ends all that waits in a listener's queues. */
void tcp_listen_stop(struct tcp_sock *lp);
s64 tcp_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
s64 tcp_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
u32 tcp_poll(struct sock *sk);
/* Bytes that a reader may take now; RCV_SHUTDOWN and marks of urgent data counted as SIOCINQ does. */
int tcp_inq(struct tcp_sock *tp);
/* Addresses, TOS and TTL of a received segment, from its IP header. */
struct ip_rx tcp_skb_rx(struct sk_buff *skb);
/* A SYN for a listener. Takes skb. isn 0: choose. */
void tcp_conn_request(struct tcp_sock *lp, struct sk_buff *skb, u32 isn);
/*
 * A segment for a request sock. The connection that it completes is returned, with the segment still to
 * be processed by it; NULL: the segment has been taken care of (and freed).
 */
struct tcp_sock *tcp_check_req(struct tcp_request_sock *req, struct sk_buff *skb);
/* An ACK for a listener without a request: a SYN cookie's? As tcp_check_req(); lp: it is none. */
struct tcp_sock *tcp_cookie_v_check(struct tcp_sock *lp, struct sk_buff *skb);
void tcp_req_err(struct tcp_request_sock *req, u32 seq);
/* Room for one more connection? */
static inline bool tcp_acceptq_is_full(const struct tcp_sock *lp)
{
	return lp->inet.sk.ack_backlog > lp->inet.sk.max_ack_backlog;
}
void tcp_acceptq_add(struct tcp_sock *lp, struct tcp_sock *child);
/* Counts a SYN or an ACK that a listener drops. */
void tcp_listen_drop(struct tcp_sock *lp);
struct tcp_request_sock *tcp_req_alloc(struct tcp_sock *lp);
/* Names, route and options by the peer's segment; 0 or -errno: no route. */
int tcp_req_init(struct tcp_sock *lp, struct tcp_request_sock *req, struct sk_buff *skb,
		 const struct ip_rx *rx);
/* Initial window and scale for the SYN-ACK. */
void tcp_req_window(struct tcp_sock *lp, struct tcp_request_sock *req);
/* Out of the tables and the listener's queue; the reference stays. */
void tcp_req_unlink(struct tcp_request_sock *req);
/* Makes the child and puts it into the accept queue; the request is gone. NULL: the queue is full. */
struct tcp_sock *tcp_req_complete(struct tcp_sock *lp, struct tcp_request_sock *req,
				  struct sk_buff *skb);
/* Frees a request sock: out of the table, timer off, listener's counts. */
void tcp_req_drop(struct tcp_request_sock *req);

#endif
