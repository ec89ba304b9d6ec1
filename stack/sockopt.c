/* SPDX-License-Identifier: MIT */
/*
 * Options of SOL_SOCKET (socket(7); asm-generic/socket.h). What has no row here is refused and
 * counted.
 */
#include "stack/sockopt.h"

#include <limits.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <string.h>
#include <sys/time.h>

#include "nic/netdev.h"
#include "stack/bpf_sockopt.h"
#include "stack/capability.h"
#include "stack/sock_peer.h"
#include "stack/tcp.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#define SO_PEERPIDFD 77
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#define MIN_NAPI_ID 256u /* smaller numbers are CPUs */

static bool sk_is_inet(const struct sock *sk)
{
	return sk->family == AF_INET || sk->family == AF_INET6;
}

/* ---- buffers --------------------------------------------------------------------------------- */

static void set_rcvbuf(struct sock *sk, int val)
{
	val = min(val, INT_MAX / 2);
	sk->userlocks |= SOCK_RCVBUF_LOCK;
	sk->rcvbuf = max((u32)val * 2, SOCK_MIN_RCVBUF);
}

static s64 so_rcvbuf(struct sockopt_arg *a)
{
	set_rcvbuf(a->sk, (int)min((u32)a->val, a->sk->net->sysctl.rmem_max));
	return 0;
}

static s64 so_rcvbufforce(struct sockopt_arg *a)
{
	if (!capable(a->t, CAP_NET_ADMIN))
		return -EPERM;
	set_rcvbuf(a->sk, max(a->val, 0));
	return 0;
}

static void set_sndbuf(struct sock *sk, int val)
{
	val = min(val, INT_MAX / 2);
	sk->userlocks |= SOCK_SNDBUF_LOCK;
	sk->sndbuf = max((u32)val * 2, SOCK_MIN_SNDBUF);
	sk->write_space(sk);
}

static s64 so_sndbuf(struct sockopt_arg *a)
{
	set_sndbuf(a->sk, (int)min((u32)a->val, a->sk->net->sysctl.wmem_max));
	return 0;
}

static s64 so_sndbufforce(struct sockopt_arg *a)
{
	if (!capable(a->t, CAP_NET_ADMIN))
		return -EPERM;
	set_sndbuf(a->sk, max(a->val, 0));
	return 0;
}

static s64 so_buf_lock(struct sockopt_arg *a)
{
	u32 mask = SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK;

	if ((u32)a->val & ~mask)
		return -EINVAL;
	a->sk->userlocks = (a->sk->userlocks & ~mask) | (u32)a->val;
	return 0;
}

static s64 so_buf_lock_get(struct sockopt_arg *a)
{
	a->val = (int)(a->sk->userlocks & (SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK));
	return 0;
}

static s64 so_sndlowat_get(struct sockopt_arg *a)
{
	a->val = 1;
	return 0;
}

static s64 so_rcvlowat(struct sockopt_arg *a)
{
	int val = a->val < 0 ? INT_MAX : a->val;

	if (a->sk->ops->set_rcvlowat)
		return a->sk->ops->set_rcvlowat(a->sk, val);
	a->sk->rcvlowat = val ? val : 1;
	return 0;
}

static s64 so_meminfo(struct sockopt_arg *a)
{
	struct sock *sk = a->sk;
	u32 mem[SK_MEMINFO_VARS] = {
		[SK_MEMINFO_RMEM_ALLOC] = sk->rmem_alloc, [SK_MEMINFO_RCVBUF] = sk->rcvbuf,
		[SK_MEMINFO_WMEM_ALLOC] = sk->wmem_alloc, [SK_MEMINFO_SNDBUF] = sk->sndbuf,
		[SK_MEMINFO_WMEM_QUEUED] = sk->wmem_queued, [SK_MEMINFO_OPTMEM] = sk->omem_alloc,
		[SK_MEMINFO_DROPS] = sk->drops,
	};

	return sockopt_return(a, mem, sizeof(mem));
}

/* ---- time ------------------------------------------------------------------------------------ */

static nsec_t *timeo_of(struct sockopt_arg *a)
{
	bool rcv = a->name == SO_RCVTIMEO_OLD || a->name == SO_RCVTIMEO_NEW;

	return rcv ? &a->sk->rcvtimeo : &a->sk->sndtimeo;
}

/* sock_set_timeout(): 0 is for ever, a negative time is now. */
static s64 so_timeo(struct sockopt_arg *a)
{
	nsec_t *timeo = timeo_of(a);
	struct timeval tv;

	memcpy(&tv, a->buf, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		*timeo = 0;
	else if (!tv.tv_sec && !tv.tv_usec)
		*timeo = NSEC_NEVER;
	else if (tv.tv_sec >= NSEC_NEVER / NSEC_PER_SEC - 1)
		*timeo = NSEC_NEVER;
	else
		*timeo = tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC;
	return 0;
}

static s64 so_timeo_get(struct sockopt_arg *a)
{
	nsec_t timeo = *timeo_of(a);
	struct timeval tv = { 0 };

	if (timeo != NSEC_NEVER) {
		tv.tv_sec = timeo / NSEC_PER_SEC;
		tv.tv_usec = timeo % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	return sockopt_return(a, &tv, sizeof(tv));
}

#define HZ 250 /* of the kernels that distributions build: the longest times show it */

static s64 so_linger(struct sockopt_arg *a)
{
	struct linger l;

	memcpy(&l, a->buf, sizeof(l));
	a->sk->linger = l.l_onoff != 0;
	if (l.l_onoff)
		a->sk->lingertime = (u32)l.l_linger >= UINT32_MAX / HZ ?
					    NSEC_NEVER :
					    (nsec_t)(u32)l.l_linger * NSEC_PER_SEC;
	return 0;
}

static s64 so_linger_get(struct sockopt_arg *a)
{
	bool never = a->sk->lingertime == NSEC_NEVER;
	struct linger l = { .l_onoff = a->sk->linger,
			    .l_linger = (int)(never ? LONG_MAX / HZ :
						      a->sk->lingertime / NSEC_PER_SEC) };

	return sockopt_return(a, &l, sizeof(l));
}

static s64 so_timestamp(struct sockopt_arg *a)
{
	bool ns = a->name == SO_TIMESTAMPNS_OLD || a->name == SO_TIMESTAMPNS_NEW;

	a->sk->timestamp = a->val && !ns;
	a->sk->timestampns = a->val && ns;
	a->sk->stamps |= a->val != 0;
	return 0;
}

static s64 so_timestamp_get(struct sockopt_arg *a)
{
	bool ns = a->name == SO_TIMESTAMPNS_OLD || a->name == SO_TIMESTAMPNS_NEW;

	a->val = ns ? a->sk->timestampns : a->sk->timestamp;
	return 0;
}

/* ---- state ----------------------------------------------------------------------------------- */

static s64 so_error_get(struct sockopt_arg *a)
{
	a->val = -sock_error(a->sk);
	if (!a->val) {
		a->val = a->sk->err_soft;
		a->sk->err_soft = 0;
	}
	return 0;
}

static s64 so_acceptconn_get(struct sockopt_arg *a)
{
	a->val = a->sk->state == TCP_LISTEN;
	return 0;
}

static s64 so_cookie_get(struct sockopt_arg *a)
{
	if (a->len < sizeof(a->sk->cookie))
		return -EINVAL;
	return sockopt_return(a, &a->sk->cookie, sizeof(a->sk->cookie));
}

static s64 so_napi_id_get(struct sockopt_arg *a)
{
	a->val = a->sk->napi_id >= MIN_NAPI_ID ? (int)a->sk->napi_id : 0;
	return 0;
}

/* Hosts are network namespaces of one world: their numbers will do. */
static s64 so_netns_cookie_get(struct sockopt_arg *a)
{
	u64 cookie = a->sk->host->id;

	if (a->len != sizeof(cookie))
		return -EINVAL;
	return sockopt_return(a, &cookie, sizeof(cookie));
}

/* Linux takes it and has had nothing behind it since 2.2; it reads as 0. */
static s64 so_bsdcompat(struct sockopt_arg *a)
{
	return 0;
}

static s64 so_bsdcompat_get(struct sockopt_arg *a)
{
	a->val = 0;
	return 0;
}

static s64 so_peername_get(struct sockopt_arg *a)
{
	struct sockaddr_storage ss = { 0 };
	s64 len = a->sk->ops->getname ? a->sk->ops->getname(a->sk, true, &ss) : -EOPNOTSUPP;

	if (len < 0)
		return -ENOTCONN;
	if (len < a->len)
		return -EINVAL;
	return sockopt_return(a, &ss, a->len);
}

/* ---- addresses and paths --------------------------------------------------------------------- */

static s64 so_reuseport(struct sockopt_arg *a)
{
	if (a->val && !sk_is_inet(a->sk))
		return -EOPNOTSUPP;
	a->sk->reuseport = a->val;
	return 0;
}

static s64 so_keepalive(struct sockopt_arg *a)
{
	if (sk_is_inet(a->sk) && a->sk->type == SOCK_STREAM)
		tcp_set_keepalive((struct tcp_sock *)a->sk, a->val);
	a->sk->keepalive = a->val;
	return 0;
}

static s64 so_debug(struct sockopt_arg *a)
{
	if (a->val && !capable(a->t, CAP_NET_ADMIN))
		return -EACCES;
	a->sk->debug = a->val;
	return 0;
}

static s64 so_priority(struct sockopt_arg *a)
{
	if ((a->val < 0 || a->val > 6) && !capable(a->t, CAP_NET_RAW) &&
	    !capable(a->t, CAP_NET_ADMIN))
		return -EPERM;
	a->sk->priority = (u32)a->val;
	return 0;
}

/* 4 bytes or 8; all ones: no limit. */
static s64 so_max_pacing_rate(struct sockopt_arg *a)
{
	u64 rate;
	u32 small;

	if (a->len >= sizeof(rate)) {
		memcpy(&rate, a->buf, sizeof(rate));
	} else {
		memcpy(&small, a->buf, sizeof(small));
		rate = small == UINT32_MAX ? UINT64_MAX : small;
	}
	a->sk->max_pacing_rate = rate;
	return 0;
}

static s64 so_max_pacing_rate_get(struct sockopt_arg *a)
{
	u64 rate = a->sk->max_pacing_rate;
	u32 small = (u32)min(rate, (u64)UINT32_MAX);

	if (a->len >= sizeof(rate))
		return sockopt_return(a, &rate, sizeof(rate));
	return sockopt_return(a, &small, sizeof(small));
}

static void dst_reset(struct sock *sk)
{
	if (sk_is_inet(sk))
		inet_sk(sk)->dst.dev = NULL;
}

static s64 so_mark(struct sockopt_arg *a)
{
	if (!capable(a->t, CAP_NET_RAW) && !capable(a->t, CAP_NET_ADMIN))
		return -EPERM;
	if (a->sk->mark != (u32)a->val)
		dst_reset(a->sk);
	a->sk->mark = (u32)a->val;
	return 0;
}

static s64 bind_ifindex(struct sockopt_arg *a, int ifindex)
{
	if (ifindex < 0)
		return -EINVAL;
	if (a->sk->bound_dev_if && !capable(a->t, CAP_NET_RAW))
		return -EPERM;
	a->sk->bound_dev_if = ifindex;
	dst_reset(a->sk);
	return 0;
}

static s64 so_bindtodevice(struct sockopt_arg *a)
{
	char name[IFNAMSIZ] = { 0 };
	struct net_device *dev;

	if (a->len)
		memcpy(name, a->buf, min((size_t)a->len, sizeof(name) - 1));
	if (!name[0])
		return bind_ifindex(a, 0);
	dev = dev_get_by_name(a->sk->host, name);
	return dev ? bind_ifindex(a, dev->ifindex) : -ENODEV;
}

static s64 so_bindtodevice_get(struct sockopt_arg *a)
{
	struct net_device *dev;

	if (!a->sk->bound_dev_if) {
		a->len = 0;
		return 0;
	}
	if (a->len < IFNAMSIZ)
		return -EINVAL;
	dev = dev_get_by_index(a->sk->host, a->sk->bound_dev_if);
	if (!dev)
		return -ENODEV;
	return sockopt_return(a, dev->name, (socklen_t)strlen(dev->name) + 1);
}

static s64 so_bindtoifindex(struct sockopt_arg *a)
{
	return bind_ifindex(a, a->val);
}

/*
 * Setting asks for packets of that CPU in lookups; reading tells where the last one was processed.
 */
static s64 so_incoming_cpu(struct sockopt_arg *a)
{
	a->sk->incoming_cpu_set = a->val;
	a->sk->incoming_cpu = a->val;
	return 0;
}

/* ---- AF_UNIX --------------------------------------------------------------------------------- */

/* NULL: not of this family. */
static bool *pass_field(struct sock *sk, int name)
{
	if (sk->family != AF_UNIX && (sk->family != AF_NETLINK || name == SO_PASSPIDFD ||
				      name == SO_PASSRIGHTS))
		return NULL;
	return name == SO_PASSCRED ? &sk->passcred : name == SO_PASSPIDFD ? &sk->passpidfd :
	       name == SO_PASSSEC  ? &sk->passsec :
				     &sk->passrights;
}

static s64 so_pass(struct sockopt_arg *a)
{
	bool *field = pass_field(a->sk, a->name);

	if (!field)
		return -EOPNOTSUPP;
	*field = a->val;
	return 0;
}

static s64 so_pass_get(struct sockopt_arg *a)
{
	const bool *field = pass_field(a->sk, a->name);

	if (!field)
		return -EOPNOTSUPP;
	a->val = *field;
	return 0;
}

/* Whose proto_ops have set_peek_off(). */
static bool can_peek_off(const struct sock *sk)
{
	return sk->family == AF_UNIX ||
	       (sk_is_inet(sk) && (sk->protocol == IPPROTO_TCP || sk->protocol == IPPROTO_UDP) &&
		sk->type != SOCK_RAW);
}

static s64 so_peek_off(struct sockopt_arg *a)
{
	if (!can_peek_off(a->sk))
		return -EOPNOTSUPP;
	a->sk->peek_off = a->val;
	return 0;
}

static s64 so_peek_off_get(struct sockopt_arg *a)
{
	if (!can_peek_off(a->sk))
		return -EOPNOTSUPP;
	a->val = a->sk->peek_off;
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define ROW(n, t, ...) { SOL_SOCKET, n, #n, t, __VA_ARGS__ }
#define TIMEO_ROW(n)                                                                               \
	ROW(n, SOCKOPT_TIMEVAL, .min_len = sizeof(struct timeval), .set = so_timeo,                \
	    .get = so_timeo_get, .note = "exact to the microsecond, not rounded to jiffies")
#define STAMP_ROW(n) ROW(n, SOCKOPT_BOOL, .set = so_timestamp, .get = so_timestamp_get)

static const struct sockopt_row rows[] = {
	/* Kept, as Linux does, which has no messages to show for it either. */
	ROW(SO_DEBUG, SOCKOPT_BOOL, SOCKOPT_FIELD(struct sock, debug), .set = so_debug),
	ROW(SO_REUSEADDR, SOCKOPT_BOOL, SOCKOPT_FIELD(struct sock, reuse)),
	ROW(SO_TYPE, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, type), .access = SOCKOPT_RO),
	ROW(SO_ERROR, SOCKOPT_INT, .get = so_error_get, .access = SOCKOPT_RO),
	ROW(SO_DONTROUTE, SOCKOPT_BOOL, SOCKOPT_FIELD(struct sock, dontroute)),
	ROW(SO_BROADCAST, SOCKOPT_BOOL, SOCKOPT_FIELD(struct sock, broadcast)),
	ROW(SO_SNDBUF, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, sndbuf), .set = so_sndbuf),
	ROW(SO_RCVBUF, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, rcvbuf), .set = so_rcvbuf),
	ROW(SO_KEEPALIVE, SOCKOPT_BOOL, SOCKOPT_FIELD(struct sock, keepalive), .set = so_keepalive),
	ROW(SO_OOBINLINE, SOCKOPT_BOOL, SOCKOPT_FIELD(struct sock, oobinline)),
	ROW(SO_PRIORITY, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, priority), .set = so_priority),
	ROW(SO_LINGER, SOCKOPT_LINGER, .min_len = sizeof(struct linger), .set = so_linger,
	    .get = so_linger_get),
	ROW(SO_REUSEPORT, SOCKOPT_BOOL, SOCKOPT_FIELD(struct sock, reuseport), .set = so_reuseport),
	ROW(SO_PASSCRED, SOCKOPT_BOOL, .set = so_pass, .get = so_pass_get),
	ROW(SO_PEERCRED, SOCKOPT_STRUCT, .get = so_peercred_get, .access = SOCKOPT_RO),
	ROW(SO_RCVLOWAT, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, rcvlowat), .set = so_rcvlowat),
	ROW(SO_SNDLOWAT, SOCKOPT_INT, .get = so_sndlowat_get, .access = SOCKOPT_RO),
	TIMEO_ROW(SO_RCVTIMEO_OLD),
	TIMEO_ROW(SO_SNDTIMEO_OLD),
	ROW(SO_BINDTODEVICE, SOCKOPT_STRING, .set = so_bindtodevice, .get = so_bindtodevice_get),
	/* Reading is SO_GET_FILTER, with lengths in instructions. */
	ROW(SO_ATTACH_FILTER, SOCKOPT_STRUCT, .min_len = sizeof(int), .reads = sizeof(int),
	    .set = so_attach_filter, .get = so_get_filter),
	ROW(SO_DETACH_FILTER, SOCKOPT_INT, .set = so_detach_filter, .access = SOCKOPT_WO),
	STAMP_ROW(SO_TIMESTAMP_OLD),
	ROW(SO_PEERNAME, SOCKOPT_STRUCT, .get = so_peername_get, .access = SOCKOPT_RO),
	ROW(SO_ACCEPTCONN, SOCKOPT_INT, .get = so_acceptconn_get, .access = SOCKOPT_RO),
	ROW(SO_SNDBUFFORCE, SOCKOPT_INT, .set = so_sndbufforce, .access = SOCKOPT_WO),
	ROW(SO_RCVBUFFORCE, SOCKOPT_INT, .set = so_rcvbufforce, .access = SOCKOPT_WO),
	STAMP_ROW(SO_TIMESTAMPNS_OLD),
	ROW(SO_MARK, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, mark), .set = so_mark),
	ROW(SO_PROTOCOL, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, protocol), .access = SOCKOPT_RO),
	ROW(SO_DOMAIN, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, family), .access = SOCKOPT_RO),
	ROW(SO_LOCK_FILTER, SOCKOPT_BOOL, SOCKOPT_FIELD(struct sock, filter_locked),
	    .set = so_lock_filter),
	ROW(SO_INCOMING_CPU, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, incoming_cpu),
	    .set = so_incoming_cpu),
	ROW(SO_ATTACH_BPF, SOCKOPT_STRUCT, .min_len = sizeof(int), .reads = sizeof(int),
	    .set = so_attach_bpf, .access = SOCKOPT_WO),
	ROW(SO_ATTACH_REUSEPORT_EBPF, SOCKOPT_STRUCT, .min_len = sizeof(int), .reads = sizeof(int),
	    .set = so_attach_reuseport_ebpf, .access = SOCKOPT_WO),
	ROW(SO_ATTACH_REUSEPORT_CBPF, SOCKOPT_STRUCT, .min_len = sizeof(int), .reads = sizeof(int),
	    .set = so_attach_reuseport_cbpf, .access = SOCKOPT_WO),
	ROW(SO_MEMINFO, SOCKOPT_STRUCT, .get = so_meminfo, .access = SOCKOPT_RO,
	    .note = "fwd_alloc and backlog are always 0"),
	ROW(SO_INCOMING_NAPI_ID, SOCKOPT_INT, .get = so_napi_id_get, .access = SOCKOPT_RO),
	ROW(SO_COOKIE, SOCKOPT_STRUCT, .get = so_cookie_get, .access = SOCKOPT_RO),
	ROW(SO_PASSPIDFD, SOCKOPT_BOOL, .set = so_pass, .get = so_pass_get),
	ROW(SO_PASSSEC, SOCKOPT_BOOL, .set = so_pass, .get = so_pass_get),
	ROW(SO_PEERGROUPS, SOCKOPT_STRUCT, .get = so_peergroups_get, .access = SOCKOPT_RO),
	ROW(SO_PEERPIDFD, SOCKOPT_STRUCT, .get = so_peerpidfd_get, .access = SOCKOPT_RO),
	ROW(SO_PEERSEC, SOCKOPT_STRUCT, .get = so_peersec_get, .access = SOCKOPT_RO),
	ROW(SO_NETNS_COOKIE, SOCKOPT_STRUCT, .get = so_netns_cookie_get, .access = SOCKOPT_RO),
	ROW(SO_BSDCOMPAT, SOCKOPT_INT, .set = so_bsdcompat, .get = so_bsdcompat_get),
	ROW(SO_PASSRIGHTS, SOCKOPT_BOOL, .set = so_pass, .get = so_pass_get),
	ROW(SO_PEEK_OFF, SOCKOPT_INT, .set = so_peek_off, .get = so_peek_off_get),
	ROW(SO_MAX_PACING_RATE, SOCKOPT_STRUCT, .min_len = sizeof(u32), .reads = sizeof(u64), .set = so_max_pacing_rate,
	    .get = so_max_pacing_rate_get),
	ROW(SO_BINDTOIFINDEX, SOCKOPT_INT, SOCKOPT_FIELD(struct sock, bound_dev_if),
	    .set = so_bindtoifindex),
	STAMP_ROW(SO_TIMESTAMP_NEW),
	STAMP_ROW(SO_TIMESTAMPNS_NEW),
	TIMEO_ROW(SO_RCVTIMEO_NEW),
	TIMEO_ROW(SO_SNDTIMEO_NEW),
	ROW(SO_DETACH_REUSEPORT_BPF, SOCKOPT_INT, .set = so_detach_reuseport_bpf,
	    .access = SOCKOPT_WO),
	ROW(SO_BUF_LOCK, SOCKOPT_INT, .set = so_buf_lock, .get = so_buf_lock_get),
};

const struct sockopt_table sol_socket_options = { rows, ARRAY_SIZE(rows), .int_first = true };
