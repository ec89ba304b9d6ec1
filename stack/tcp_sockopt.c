/* SPDX-License-Identifier: MIT */
/*
 * Options of level IPPROTO_TCP (tcp(7)).
 *
 * Ranges, errors and what reading gives back are those of Linux 6.18, which tcp(7) tells but in
 * part. Options that Linux has and that are not in the table (TCP_FASTOPEN, TCP_MD5SIG, TCP_REPAIR,
 * TCP_ULP, TCP_SAVE_SYN...) are refused with ENOPROTOOPT.
 */
#include <stdio.h>

#include "stack/sockopt.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_info.h"
#include "stack/tcp_int.h"

#define MAX_TCP_WINDOW 32767
#define MAX_TCP_KEEPIDLE 32767
#define MAX_TCP_KEEPINTVL 32767
#define MAX_TCP_KEEPCNT 127
#define MAX_TCP_SYNCNT 127
#define TCP_FIN_TIMEOUT_MAX_SEC 120
#define TCP_CA_NAME_MAX 16
#define TCP_TIMESTAMP_ 24 /* TCP_TIMESTAMP of linux/tcp.h */

static bool is_connected_state(const struct sock *sk)
{
	return sk->state == TCP_ESTABLISHED || sk->state == TCP_CLOSE_WAIT;
}

static bool is_idle_state(const struct sock *sk)
{
	return sk->state == TCP_CLOSE || sk->state == TCP_LISTEN;
}

/* ---- when to send ---------------------------------------------------------------------------- */

static s64 set_nodelay(struct sockopt_arg *a)
{
	struct tcp_sock *tp = tcp_sk(a->sk);

	if (a->val) {
		/* What waits goes now, unless it is corked. */
		tp->nonagle |= TCP_NAGLE_OFF | TCP_NAGLE_PUSH;
		tcp_push_pending(tp);
	} else {
		tp->nonagle &= (u8)~TCP_NAGLE_OFF;
	}
	return 0;
}

static s64 get_nodelay(struct sockopt_arg *a)
{
	a->val = !!(tcp_sk(a->sk)->nonagle & TCP_NAGLE_OFF);
	return 0;
}

static s64 set_cork(struct sockopt_arg *a)
{
	struct tcp_sock *tp = tcp_sk(a->sk);

	if (a->val) {
		tp->nonagle |= TCP_NAGLE_CORK;
		return 0;
	}
	tp->nonagle &= (u8)~TCP_NAGLE_CORK;
	if (tp->nonagle & TCP_NAGLE_OFF)
		tp->nonagle |= TCP_NAGLE_PUSH;
	tcp_push_pending(tp);
	return 0;
}

static s64 get_cork(struct sockopt_arg *a)
{
	a->val = !!(tcp_sk(a->sk)->nonagle & TCP_NAGLE_CORK);
	return 0;
}

/*
 * An even value other than 0 sends the ACK that waits, and does not leave interactive mode for
 * good.
 */
static s64 set_quickack(struct sockopt_arg *a)
{
	struct tcp_sock *tp = tcp_sk(a->sk);

	tp->ack.pingpong = !a->val;
	if (!a->val || !is_connected_state(a->sk) || !tcp_ack_scheduled(tp))
		return 0;
	tp->ack.pending |= ICSK_ACK_PUSHED;
	tcp_cleanup_rbuf(tp, 1);
	if (!(a->val & 1))
		tp->ack.pingpong = true;
	return 0;
}

static s64 get_quickack(struct sockopt_arg *a)
{
	a->val = !tcp_sk(a->sk)->ack.pingpong;
	return 0;
}

static s64 set_notsent_lowat(struct sockopt_arg *a)
{
	tcp_sk(a->sk)->notsent_lowat = (u32)a->val;
	a->sk->write_space(a->sk);
	return 0;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static s64 set_maxseg(struct sockopt_arg *a)
{
	if (a->val && (a->val < (int)TCP_MIN_MSS || a->val > MAX_TCP_WINDOW))
		return -EINVAL;
	tcp_sk(a->sk)->rx_opt.user_mss = (u16)a->val;
	return 0;
}

static s64 get_maxseg(struct sockopt_arg *a)
{
	const struct tcp_sock *tp = tcp_sk(a->sk);

	a->val = (int)tp->mss_cache;
	if (tp->rx_opt.user_mss && is_idle_state(a->sk))
		a->val = tp->rx_opt.user_mss;
	return 0;
}

static s64 set_window_clamp(struct sockopt_arg *a)
{
	struct tcp_sock *tp = tcp_sk(a->sk);

	if (a->val) {
		tcp_set_window_clamp(tp, (u32)max(a->val, 1));
		return 0;
	}
	if (a->sk->state != TCP_CLOSE)
		return -EINVAL;
	tp->window_clamp = 0;
	return 0;
}

/* ---- time-outs ------------------------------------------------------------------------------- */

static s64 set_keepidle(struct sockopt_arg *a)
{
	struct tcp_sock *tp = tcp_sk(a->sk);
	nsec_t elapsed;

	tp->keepalive_time = a->val * NSEC_PER_SEC;
	if (!a->sk->keepalive || is_idle_state(a->sk))
		return 0;
	elapsed = tp_now(tp) - max(tp->ack.lrcvtime, tp->rcv_tstamp);
	tcp_reset_keepalive_timer(tp, max(tp->keepalive_time - elapsed, (nsec_t)0));
	return 0;
}

static s64 get_keepidle(struct sockopt_arg *a)
{
	nsec_t t = tcp_sk(a->sk)->keepalive_time;

	a->val = (int)((t ? t : a->sk->net->sysctl.tcp_keepalive_time) / NSEC_PER_SEC);
	return 0;
}

static s64 set_keepintvl(struct sockopt_arg *a)
{
	tcp_sk(a->sk)->keepalive_intvl = a->val * NSEC_PER_SEC;
	return 0;
}

static s64 get_keepintvl(struct sockopt_arg *a)
{
	nsec_t t = tcp_sk(a->sk)->keepalive_intvl;

	a->val = (int)((t ? t : a->sk->net->sysctl.tcp_keepalive_intvl) / NSEC_PER_SEC);
	return 0;
}

static s64 get_keepcnt(struct sockopt_arg *a)
{
	const struct tcp_sock *tp = tcp_sk(a->sk);

	a->val = tp->keepcnt ? tp->keepcnt : a->sk->net->sysctl.tcp_keepalive_probes;
	return 0;
}

static s64 get_syncnt(struct sockopt_arg *a)
{
	const struct tcp_sock *tp = tcp_sk(a->sk);

	a->val = tp->syncnt ? tp->syncnt : a->sk->net->sysctl.tcp_syn_retries;
	return 0;
}

/* Below 0: no FIN_WAIT2 without a holder at all. */
static s64 set_linger2(struct sockopt_arg *a)
{
	struct tcp_sock *tp = tcp_sk(a->sk);

	if (a->val < 0)
		tp->linger2 = -1;
	else
		tp->linger2 = min(a->val, TCP_FIN_TIMEOUT_MAX_SEC) * NSEC_PER_SEC;
	return 0;
}

static s64 get_linger2(struct sockopt_arg *a)
{
	nsec_t t = tcp_sk(a->sk)->linger2;

	if (t < 0)
		a->val = -1;
	else
		a->val = (int)((t ? t : a->sk->net->sysctl.tcp_fin_timeout) / NSEC_PER_SEC);
	return 0;
}

static s64 set_user_timeout(struct sockopt_arg *a)
{
	tcp_sk(a->sk)->user_timeout = a->val * NSEC_PER_MSEC;
	return 0;
}

static s64 get_user_timeout(struct sockopt_arg *a)
{
	a->val = (int)(tcp_sk(a->sk)->user_timeout / NSEC_PER_MSEC);
	return 0;
}

/*
 * TCP_DEFER_ACCEPT is kept as the number of SYN-ACKs whose time-outs (1, 2, 4... seconds, at most
 * TCP_RTO_MAX) cover the seconds asked for; reading gives the seconds that they cover.
 */
static u8 secs_to_retrans(int seconds)
{
	int timeout = TCP_TIMEOUT_INIT / NSEC_PER_SEC;
	int period = timeout;
	u8 n = 1;

	if (seconds <= 0)
		return 0;
	for (; seconds > period && n < 255; n++) {
		timeout = min(timeout * 2, (int)(TCP_RTO_MAX / NSEC_PER_SEC));
		period += timeout;
	}
	return n;
}

static int retrans_to_secs(u8 retrans)
{
	int timeout = TCP_TIMEOUT_INIT / NSEC_PER_SEC;
	int period = 0;

	for (; retrans; retrans--) {
		period += timeout;
		timeout = min(timeout * 2, (int)(TCP_RTO_MAX / NSEC_PER_SEC));
	}
	return period;
}

static s64 set_defer_accept(struct sockopt_arg *a)
{
	tcp_sk(a->sk)->defer_accept = secs_to_retrans(a->val);
	return 0;
}

static s64 get_defer_accept(struct sockopt_arg *a)
{
	a->val = retrans_to_secs(tcp_sk(a->sk)->defer_accept);
	return 0;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static s64 set_congestion(struct sockopt_arg *a)
{
	char name[TCP_CA_NAME_MAX] = "";

	memcpy(name, a->buf, min(a->len, (socklen_t)sizeof(name) - 1));
	return tcp_set_congestion_control(tcp_sk(a->sk), name);
}

static s64 get_congestion(struct sockopt_arg *a)
{
	const struct tcp_sock *tp = tcp_sk(a->sk);
	char name[TCP_CA_NAME_MAX] = "";

	snprintf(name, sizeof(name), "%s",
		 tp->ca_ops ? tp->ca_ops->name : a->sk->net->sysctl.tcp_congestion_control);
	return sockopt_return(a, name, sizeof(name));
}

static s64 get_info(struct sockopt_arg *a)
{
	struct tcp_full_info info;

	tcp_get_info(tcp_sk(a->sk), &info);
	return sockopt_return(a, &info, sizeof(info));
}

/* Only a socket under repair may change its clock, and none can be. */
static s64 set_timestamp(struct sockopt_arg *a)
{
	return -EPERM;
}

static s64 get_timestamp(struct sockopt_arg *a)
{
	a->val = (int)tcp_time_stamp(tcp_sk(a->sk));
	return 0;
}

#define TCP(member) SOCKOPT_FIELD(struct tcp_sock, member)

static const struct sockopt_row tcp_rows[] = {
    {IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY", SOCKOPT_BOOL, .set = set_nodelay, .get = get_nodelay},
    {IPPROTO_TCP, TCP_MAXSEG, "TCP_MAXSEG", SOCKOPT_INT, .set = set_maxseg, .get = get_maxseg},
    {IPPROTO_TCP, TCP_CORK, "TCP_CORK", SOCKOPT_BOOL, .set = set_cork, .get = get_cork},
    {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE", SOCKOPT_INT, .min = 1, .max = MAX_TCP_KEEPIDLE,
     .set = set_keepidle, .get = get_keepidle},
    {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL", SOCKOPT_INT, .min = 1, .max = MAX_TCP_KEEPINTVL,
     .set = set_keepintvl, .get = get_keepintvl},
    {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT", SOCKOPT_INT, TCP(keepcnt), .min = 1,
     .max = MAX_TCP_KEEPCNT, .get = get_keepcnt},
    {IPPROTO_TCP, TCP_SYNCNT, "TCP_SYNCNT", SOCKOPT_INT, TCP(syncnt), .min = 1,
     .max = MAX_TCP_SYNCNT, .get = get_syncnt},
    {IPPROTO_TCP, TCP_LINGER2, "TCP_LINGER2", SOCKOPT_INT, .set = set_linger2, .get = get_linger2},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, "TCP_DEFER_ACCEPT", SOCKOPT_INT, .set = set_defer_accept,
     .get = get_defer_accept},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, "TCP_WINDOW_CLAMP", SOCKOPT_INT, TCP(window_clamp),
     .set = set_window_clamp},
    {IPPROTO_TCP, TCP_INFO, "TCP_INFO", SOCKOPT_STRUCT, .access = SOCKOPT_RO, .get = get_info,
     .note = "tcpi_delivery_rate, tcpi_busy_time, tcpi_rwnd_limited, tcpi_sndbuf_limited, "
	     "tcpi_dsack_dups, tcpi_reord_seen, tcpi_rcv_ooopack, tcpi_rehash, "
	     "tcpi_total_rto_* and the accurate-ECN fields are not measured: 0"},
    {IPPROTO_TCP, TCP_QUICKACK, "TCP_QUICKACK", SOCKOPT_INT, .set = set_quickack,
     .get = get_quickack},
    {IPPROTO_TCP, TCP_CONGESTION, "TCP_CONGESTION", SOCKOPT_STRING, .min_len = 1, .reads = TCP_CA_NAME_MAX - 1,
     .set = set_congestion, .get = get_congestion,
     .note = "\"cubic\" and \"reno\"; both are open to every user"},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT", SOCKOPT_INT, .min = 0, .max = INT32_MAX,
     .set = set_user_timeout, .get = get_user_timeout},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, "TCP_NOTSENT_LOWAT", SOCKOPT_INT, TCP(notsent_lowat),
     .set = set_notsent_lowat},
    {IPPROTO_TCP, TCP_TIMESTAMP_, "TCP_TIMESTAMP", SOCKOPT_INT, .set = set_timestamp,
     .get = get_timestamp, .note = "cannot be set: there is no TCP_REPAIR"},
};
const struct sockopt_table tcp_socket_options = { tcp_rows, ARRAY_SIZE(tcp_rows),
						  .int_first = true };

s64 tcp_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
		   socklen_t len)
{
	if (level != IPPROTO_TCP)
		return inet_setsockopt(t, sk, level, name, val, len);
	return sockopt_table_set(t, sk, &tcp_socket_options, name, val, len);
}

s64 tcp_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val, socklen_t *len)
{
	if (level != IPPROTO_TCP)
		return inet_getsockopt(t, sk, level, name, val, len);
	return sockopt_table_get(t, sk, &tcp_socket_options, name, val, len);
}
