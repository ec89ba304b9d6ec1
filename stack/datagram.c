/* SPDX-License-Identifier: MIT */
/*
 * What UDP, ICMP echo and raw sockets have in common: where a datagram goes, waiting, names.
 */
#include "stack/datagram.h"

#include "stack/errqueue.h"
#include "stack/syscall.h"
#include "stack/truesize.h"

/* ---- destination ------------------------------------------------------------------------------- */

void datagram_init(struct datagram *d, struct inet_sock *inet)
{
	struct sock *sk = &inet->sk;

	*d = (struct datagram){
		.fl = { .saddr = inet->saddr, .oif = sk->bound_dev_if, .proto = (u8)sk->protocol,
			.tos = inet->tos, .mark = sk->mark, .sport = inet->sport, .uid = sk->uid,
			.dontroute = sk->dontroute },
		.tx = { .proto = (u8)sk->protocol, .tos = inet->tos, .flowlabel = inet->flowlabel,
			.priority = sk->priority, .mark = sk->mark,
			.no_mc_loop = !inet->mc_loop },
	};
	if (inet->uc_ttl > 0)
		d->tx.ttl = (u8)inet->uc_ttl;
}

static int control_pktinfo(struct host *h, struct datagram *d, const struct cmsghdr *c)
{
	if (c->cmsg_level == IPPROTO_IP) {
		struct in_pktinfo info;

		if (c->cmsg_len != CMSG_LEN(sizeof(info)))
			return -EINVAL;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		if (info.ipi_ifindex)
			d->fl.oif = info.ipi_ifindex;
		if (info.ipi_spec_dst.s_addr)
			d->fl.saddr = ipaddr_v4(info.ipi_spec_dst.s_addr);
	} else {
		struct in6_pktinfo info;

		if (c->cmsg_len < CMSG_LEN(sizeof(info)))
			return -EINVAL;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		if (info.ipi6_ifindex)
			d->fl.oif = (int)info.ipi6_ifindex;
		if (d->fl.oif && !dev_get_by_index(h, d->fl.oif))
			return -ENODEV;
		if (!IN6_IS_ADDR_UNSPECIFIED(&info.ipi6_addr))
			d->fl.saddr = ipaddr_v6(&info.ipi6_addr);
	}
	return 0;
}

static int control_one(struct host *h, struct datagram *d, const struct cmsghdr *c)
{
	bool v4 = c->cmsg_level == IPPROTO_IP;
	int val;

	if (!v4 && c->cmsg_level != IPPROTO_IPV6)
		return c->cmsg_level == SOL_SOCKET ? -EINVAL : 0;
	if (c->cmsg_type == (v4 ? IP_PKTINFO : IPV6_PKTINFO))
		return control_pktinfo(h, d, c);
	if (v4 && c->cmsg_type == IP_TOS && c->cmsg_len == CMSG_LEN(1))
		val = *CMSG_DATA(c);
	else if (c->cmsg_len == CMSG_LEN(sizeof(val)))
		memcpy(&val, CMSG_DATA(c), sizeof(val));
	else
		return -EINVAL;
	if (c->cmsg_type == (v4 ? IP_TTL : IPV6_HOPLIMIT)) {
		if (val < (v4 ? 1 : -1) || val > 255)
			return -EINVAL;
		d->tx.ttl = val == -1 ? 0 : (u8)val;
		return 0;
	}
	if (c->cmsg_type == (v4 ? IP_TOS : IPV6_TCLASS)) {
		if (val < (v4 ? 0 : -1) || val > 255)
			return -EINVAL;
		d->tx.tos = val == -1 ? 0 : (u8)val;
		return 0;
	}
	return -EINVAL;
}

int datagram_control(struct host *h, struct datagram *d, const struct msg *m)
{
	struct msghdr mh = { .msg_control = m->control, .msg_controllen = m->controllen };

	if (!m->control)
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&mh); c; c = CMSG_NXTHDR(&mh, c)) {
		int err;

		if (c->cmsg_len < sizeof(*c) ||
		    c->cmsg_len > m->controllen - (size_t)((u8 *)c - (u8 *)m->control))
			return -EINVAL;
		err = control_one(h, d, c);
		if (err)
			return err;
	}
	return 0;
}

void datagram_multicast(struct inet_sock *inet, struct datagram *d)
{
	if (!ipaddr_is_multicast(&d->fl.daddr))
		return;
	if (!d->fl.oif)
		d->fl.oif = inet->mc_index;
	if (ipaddr_is_any(&d->fl.saddr) && !ipaddr_is_any(&inet->mc_addr))
		d->fl.saddr = inet->mc_addr;
	if (!d->tx.ttl)
		d->tx.ttl = inet->mc_ttl;
}

int datagram_fragmentation(struct inet_sock *inet, struct datagram *d, u32 len, u32 thlen)
{
	bool v4 = ipaddr_is_v4(&d->fl.daddr);
	u32 hdr = (v4 ? 20 : 40) + thlen;
	u32 mtu = inet->pmtudisc >= IP_PMTUDISC_PROBE ? d->dst.dev->mtu : d->dst.mtu;
	bool df = inet->pmtudisc == IP_PMTUDISC_DO || inet->pmtudisc == IP_PMTUDISC_PROBE;
	bool strict = df || inet->pmtudisc == IP_PMTUDISC_INTERFACE;

	if (!v4 && inet->frag_size)
		mtu = min(mtu, inet->frag_size);
	if (len + thlen > (v4 ? 65535u - 20 : 65535u) || (strict && len + hdr > mtu)) {
		ip_local_error(inet, EMSGSIZE, &d->fl.daddr, v4 ? inet->dport : d->fl.dport,
			       v4 ? min(mtu, 65535u) : mtu);
		return -EMSGSIZE;
	}
	d->tx.df = df || (inet->pmtudisc == IP_PMTUDISC_WANT && !d->dst.pmtu_locked &&
			  len + hdr <= mtu);
	d->tx.local_df = !strict;
	d->dst.mtu = mtu; /* where it is cut up */
	return 0;
}

/* __ip_append_data(): linear up to a slab's size, else a small head and pages. */
u32 datagram_truesize(u32 hdr, u32 len)
{
	hdr += 16 + 15; /* room for the link layer's header, and to align it */
	if (len + hdr < SKB_MAX_ALLOC)
		return skb_linear_truesize(len + hdr);
	return skb_linear_truesize(hdr) + len;
}

/* ---- waiting ----------------------------------------------------------------------------------- */

s64 datagram_wait_room(struct task *t, struct sock *sk, int flags)
{
	int err = sock_error(sk);
	nsec_t timeo;
	s64 ret;

	if (err)
		return err;
	if (sk->shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	if (sk->wmem_alloc < sk->sndbuf)
		return 0;
	timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	ret = task_wait_on(t, &sk->wq, false, EPOLLOUT, timeo, "send");
	return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
}

s64 datagram_wait_packet(struct task *t, struct sock *sk, int flags)
{
	nsec_t timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	int err = sock_error(sk);
	s64 ret;

	if (err)
		return err;
	if (sk->shutdown & RCV_SHUTDOWN)
		return 0;
	ret = task_wait_on(t, &sk->wq, true, EPOLLIN | EPOLLERR, timeo, "recv");
	return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
}

u32 datagram_poll(const struct sock *sk, bool readable)
{
	u32 mask = 0;

	if (sk->err || sk->error_queue.qlen)
		mask |= EPOLLERR;
	if (sk->shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
	if (sk->shutdown == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	if (readable)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (sock_writeable(sk))
		mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	return mask;
}

/* ---- names ------------------------------------------------------------------------------------- */

void datagram_fill_name(struct sock *sk, struct msg *m, const struct ip_rx *rx, u16 sport)
{
	bool scoped = !ipaddr_is_v4(&rx->saddr) && ipaddr_is_linklocal(&rx->saddr);
	struct sockaddr_storage ss;
	socklen_t len;

	if (!m->name)
		return;
	len = ipaddr_to_sockaddr(&rx->saddr, sport, scoped ? (u32)rx->iif : 0, sk->family, &ss);
	memcpy(m->name, &ss, min(len, m->namelen));
	m->namelen = len;
}

s64 datagram_connect(struct sock *sk, const struct sockaddr *sa, socklen_t len)
{
	struct inet_sock *inet = inet_sk(sk);
	struct flow fl = { .saddr = inet->saddr, .proto = (u8)sk->protocol, .tos = inet->tos,
			   .mark = sk->mark, .sport = inet->sport, .uid = sk->uid,
			   .dontroute = sk->dontroute };
	struct dst dst;
	int err;

	err = inet_parse_dest(sk, sa, len, &fl.daddr, &fl.dport, &fl.oif);
	if (err)
		return err;
	if (ipaddr_is_any(&fl.saddr) && ipaddr_is_v4(&fl.saddr) != ipaddr_is_v4(&fl.daddr))
		fl.saddr = ipaddr_is_v4(&fl.daddr) ? ipaddr_v4(INADDR_ANY) :
						     ipaddr_v6(&in6addr_any);
	if (ipaddr_is_multicast(&fl.daddr)) {
		if (!fl.oif)
			fl.oif = inet->mc_index;
		if (ipaddr_is_any(&fl.saddr) && !ipaddr_is_any(&inet->mc_addr))
			fl.saddr = inet->mc_addr;
	}
	err = route_connect(sk->net, &fl, &dst);
	if (err)
		return err;
	if (dst.type == RTN_BROADCAST_ && !sk->broadcast)
		return -EACCES;
	if (ipaddr_is_any(&inet->saddr))
		inet->saddr = dst.saddr;
	if (ipaddr_is_any(&inet->rcv_saddr))
		inet->rcv_saddr = dst.saddr;
	inet->daddr = fl.daddr;
	inet->dport = fl.dport;
	inet->dst = dst;
	sock_set_state(sk, TCP_ESTABLISHED);
	return 0;
}

s64 datagram_shutdown(struct task *t, struct sock *sk, int how)
{
	sk->shutdown |= (u8)(how + 1);
	sk->state_change(sk);
	return sk->state == TCP_CLOSE ? -ENOTCONN : 0;
}
