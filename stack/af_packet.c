/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets: life, names, and the way from a device to the reader (af_packet.h;
 * net/packet/af_packet.c in Linux).
 */
#include "stack/af_packet.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "stack/bpf.h"
#include "stack/capability.h"
#include "stack/datagram.h"
#include "stack/syscall.h"

#define SLL_ADDR offsetof(struct sockaddr_ll, sll_addr)

/* ---- devices ----------------------------------------------------------------------------------- */

bool packet_has_header(const struct net_device *dev)
{
	return !(dev->flags & IFF_POINTOPOINT);
}

u16 packet_hatype(const struct net_device *dev)
{
	if (dev->flags & IFF_LOOPBACK)
		return ARPHRD_LOOPBACK;
	return packet_has_header(dev) ? ARPHRD_ETHER : ARPHRD_NONE;
}

u8 packet_addr_len(const struct net_device *dev)
{
	return packet_has_header(dev) ? ETH_ALEN : 0;
}

/* ---- life -------------------------------------------------------------------------------------- */

static const struct proto_ops packet_raw_ops, packet_dgram_ops;

s64 packet_create(struct task *t, struct net *net, int type, int protocol, struct sock **out)
{
	struct packet_sock *po;

	if (!capable(t, CAP_NET_RAW))
		return -EPERM;
	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	*out = sk_alloc(net, type == SOCK_RAW ? &packet_raw_ops : &packet_dgram_ops);
	po = pkt_sk(*out);
	po->num = (be16)protocol;
	po->hook.type = po->num;
	po->hook.func = packet_rcv;
	po->hook.priv = *out;
	po->ring_fd = -1;
	if (po->num)
		packet_register_hook(po);
	return 0;
}

static s64 packet_release(struct task *t, struct sock *sk)
{
	struct packet_sock *po = pkt_sk(sk);

	packet_unregister_hook(po);
	packet_flush_mclist(po);
	packet_fanout_release(po);
	packet_free_rings(po);
	skb_queue_purge(&sk->receive_queue);
	return 0;
}

/* At the end of the world sockets go without having been closed. */
static void packet_destruct(struct sock *sk)
{
	packet_release(NULL, sk);
}

void packet_register_hook(struct packet_sock *po)
{
	if (po->running)
		return;
	po->running = true;
	if (po->fanout)
		packet_fanout_link(po);
	else
		dev_add_pack(po->sk.host, &po->hook);
}

void packet_unregister_hook(struct packet_sock *po)
{
	if (!po->running)
		return;
	po->running = false;
	if (po->fanout)
		packet_fanout_unlink(po);
	else if (po->sk.host->netdevs)
		dev_remove_pack(po->sk.host, &po->hook);
}

/* ---- names ------------------------------------------------------------------------------------- */

static void report_down(struct sock *sk)
{
	sk->err = ENETDOWN;
	if (!sk->dead)
		sk->error_report(sk);
}

/* packet_do_bind(). Without a protocol the socket keeps its own. */
static s64 packet_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_ll *ll = (const void *)sa;
	struct packet_sock *po = pkt_sk(sk);
	struct net_device *dev = NULL;
	be16 proto;

	if (len < sizeof(*ll) || ll->sll_family != AF_PACKET)
		return -EINVAL;
	if (po->fanout)
		return -EINVAL;
	if (ll->sll_ifindex) {
		dev = dev_get_by_index(sk->host, ll->sll_ifindex);
		if (!dev)
			return -ENODEV;
	}
	proto = ll->sll_protocol ? ll->sll_protocol : po->num;
	if (po->hook.type != proto || po->hook.dev != dev) {
		packet_unregister_hook(po);
		po->num = po->hook.type = proto;
		po->hook.dev = dev;
		po->ifindex = dev ? dev->ifindex : 0;
	} else if (po->running) {
		return 0;
	}
	if (!proto)
		return 0;
	if (dev && !(dev->flags & IFF_UP))
		report_down(sk);
	else
		packet_register_hook(po);
	return 0;
}

static s64 packet_getname(struct sock *sk, bool peer, struct sockaddr_storage *ss)
{
	struct packet_sock *po = pkt_sk(sk);
	struct sockaddr_ll *ll = (void *)ss;
	const struct net_device *dev;

	if (peer)
		return -EOPNOTSUPP;
	memset(ll, 0, sizeof(*ll));
	ll->sll_family = AF_PACKET;
	ll->sll_protocol = po->num;
	ll->sll_ifindex = po->ifindex;
	dev = po->ifindex ? dev_get_by_index(sk->host, po->ifindex) : NULL;
	if (dev) {
		ll->sll_hatype = packet_hatype(dev);
		ll->sll_halen = packet_addr_len(dev);
		memcpy(ll->sll_addr, dev->mac, ll->sll_halen);
	}
	return (s64)(SLL_ADDR + ll->sll_halen);
}

void packet_device_event(struct net *net, struct net_device *dev, enum netdev_event ev)
{
	struct sock *sk;

	if (ev != NETDEV_UP && ev != NETDEV_DOWN)
		return;
	list_for_each_entry(sk, &net->socks, net_node) {
		struct packet_sock *po = pkt_sk(sk);

		if (sk->family != AF_PACKET || po->ifindex != dev->ifindex || sk->dead)
			continue;
		if (ev == NETDEV_DOWN && po->running) {
			packet_unregister_hook(po);
			report_down(sk);
		} else if (ev == NETDEV_UP && po->num) {
			packet_register_hook(po);
		}
	}
}

/* ---- the tap ----------------------------------------------------------------------------------- */

/* Without a byte to show there is nothing to keep, as after a filter that takes 0. */
u32 packet_prepare(struct packet_sock *po, struct sk_buff *skb, struct net_device *dev)
{
	if (skb->pkt_type == PACKET_LOOPBACK)
		return 0;
	skb->dev = dev;
	if (packet_has_header(dev) && po->sk.type != SOCK_DGRAM) {
		if (skb->data > skb->mac_header)
			skb_push(skb, (u32)(skb->data - skb->mac_header));
	} else if (skb->pkt_type == PACKET_OUTGOING) {
		/* What goes out begins with the link layer's header, whatever the kind of device. */
		skb_pull(skb, (u32)(skb->network_header - skb->data));
	}
	skb_checksum_show(skb, skb->pkt_type == PACKET_OUTGOING || dev->flags & IFF_LOOPBACK);
	if (!po->sk.filter)
		return skb->len;
	return min(bpf_prog_run(po->sk.filter, skb, 0), skb->len);
}

void packet_fill_cb(struct packet_sock *po, struct sk_buff *skb, const struct net_device *dev)
{
	struct packet_cb cb = { .origlen = skb->len, .ifindex = dev->ifindex,
				.hatype = packet_hatype(dev), .protocol = skb->protocol,
				.pkttype = skb->pkt_type, .halen = packet_addr_len(dev) };

	if (cb.halen)
		memcpy(cb.addr, skb->head + skb->mac_header + ETH_ALEN, ETH_ALEN);
	*PACKET_CB(skb) = cb;
}

static void account_drop(struct packet_sock *po, struct sk_buff *skb)
{
	po->tp_drops++;
	po->sk.drops++;
	kfree_skb_reason(skb, SKB_DROP_REASON_PACKET_SOCK_ERROR, PLACE_SOCKET_RX);
}

void packet_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt)
{
	struct sock *sk = pt->priv;
	struct packet_sock *po = pkt_sk(sk);
	u32 snaplen = packet_prepare(po, skb, dev);

	if (!snaplen) {
		consume_skb(skb);
		return;
	}
	if (sk->rmem_alloc >= sk->rcvbuf) {
		account_drop(po, skb);
		return;
	}
	packet_fill_cb(po, skb, dev);
	skb_trim(skb, snaplen);
	po->tp_packets++;
	trace_hop(sk->net->sim->trace, skb->id, net_now(sk->net), sk->host->id, PLACE_SOCKET_RX,
		  dev->ifindex, -1);
	skb_set_owner_r(skb, sk);
	skb_queue_tail(&sk->receive_queue, skb);
	sk->data_ready(sk);
}

enum packet_room packet_room(struct packet_sock *po, const struct sk_buff *skb)
{
	const struct sock *sk = &po->sk;
	s64 room;

	if (po->rx)
		return packet_ring_room(po);
	room = (s64)sk->rcvbuf - sk->rmem_alloc - (skb ? (s64)skb->truesize : 0);
	if (room > sk->rcvbuf >> 2)
		return ROOM_NORMAL;
	return room > 0 ? ROOM_LOW : ROOM_NONE;
}

/* ---- to the reader ----------------------------------------------------------------------------- */

u32 packet_csum_status(const struct sk_buff *skb)
{
	u32 status = 0;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		status |= TP_STATUS_CSUMNOTREADY;
	else if (skb->pkt_type != PACKET_OUTGOING && skb->ip_summed == CHECKSUM_UNNECESSARY)
		status |= TP_STATUS_CSUM_VALID;
	if (skb->gso_size && (skb->gso_type == SKB_GSO_TCPV4 || skb->gso_type == SKB_GSO_TCPV6))
		status |= TP_STATUS_GSO_TCP;
	return status;
}

static void fill_name(struct msg *m, const struct packet_cb *cb)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = cb->protocol,
				  .sll_ifindex = cb->ifindex, .sll_hatype = cb->hatype,
				  .sll_pkttype = cb->pkttype, .sll_halen = cb->halen };

	if (!m->name)
		return;
	memcpy(ll.sll_addr, cb->addr, sizeof(ll.sll_addr));
	memcpy(m->name, &ll, min((size_t)m->namelen, sizeof(ll)));
	m->namelen = sizeof(ll);
}

static void put_auxdata(struct msg *m, const struct sk_buff *skb)
{
	struct tpacket_auxdata aux = { .tp_status = TP_STATUS_USER | packet_csum_status(skb),
				       .tp_len = PACKET_CB(skb)->origlen, .tp_snaplen = skb->len,
				       .tp_net = (u16)(skb->network_header - skb->data) };

	if (skb->vlan_tci) {
		aux.tp_vlan_tci = skb->vlan_tci;
		aux.tp_vlan_tpid = ETH_P_8021Q;
		aux.tp_status |= TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
	}
	put_cmsg(m, SOL_PACKET, PACKET_AUXDATA, sizeof(aux), &aux);
}

static s64 packet_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	const int known = MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_ERRQUEUE | MSG_CMSG_CLOEXEC;
	struct packet_sock *po = pkt_sk(sk);
	struct sk_buff *skb;
	u32 len, copied;
	int err;

	if (flags & ~known)
		return -EINVAL;
	if (flags & MSG_ERRQUEUE)
		return -EAGAIN; /* transmit time stamps are not made */
	err = sock_error(sk);
	if (err)
		return err;
	skb = skb_peek(&sk->receive_queue);
	if (!skb)
		return datagram_wait_packet(t, sk, flags);
	len = skb->len;
	copied = (u32)min((size_t)len, m->iter.total);
	if (copied < len)
		m->flags |= MSG_TRUNC;
	skb_copy_to_iter(skb, 0, &m->iter, 0, copied);
	sock_recv_cmsgs(m, sk, skb);
	fill_name(m, PACKET_CB(skb));
	if (po->auxdata)
		put_auxdata(m, skb);
	if (!(flags & MSG_PEEK)) {
		skb_unlink(&sk->receive_queue, skb);
		trace_hop(sk->net->sim->trace, skb->id, net_now(sk->net), sk->host->id, PLACE_RECV,
			  skb->dev ? skb->dev->ifindex : 0, -1);
		consume_skb(skb);
		if (po->pressure && packet_room(po, NULL) == ROOM_NORMAL)
			po->pressure = false;
	}
	return flags & MSG_TRUNC ? len : copied;
}

static u32 packet_poll(struct sock *sk)
{
	struct packet_sock *po = pkt_sk(sk);
	u32 mask = datagram_poll(sk, sk->receive_queue.qlen);

	if (po->rx && packet_ring_readable(po))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (po->tx && packet_ring_writeable(po))
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (po->pressure && packet_room(po, NULL) == ROOM_NORMAL)
		po->pressure = false;
	return mask;
}

static s64 packet_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg)
{
	struct sk_buff *skb;

	switch (cmd) {
	case SIOCOUTQ:
		*(int *)arg = (int)sk->wmem_alloc;
		return 0;
	case FIONREAD:
		skb = skb_peek(&sk->receive_queue);
		*(int *)arg = skb ? (int)skb->len : 0;
		return 0;
	default:
		return -ENOTTY;
	}
}

#define PACKET_OPS(kind)                                                                           \
	{                                                                                          \
		.name = "PACKET", .family = AF_PACKET, .type = kind,                               \
		.obj_size = sizeof(struct packet_sock), .release = packet_release,                 \
		.destruct = packet_destruct, .bind = packet_bind, .getname = packet_getname,       \
		.sendmsg = packet_sendmsg, .recvmsg = packet_recvmsg, .poll = packet_poll,         \
		.ioctl = packet_ioctl, .setsockopt = packet_setsockopt,                            \
		.getsockopt = packet_getsockopt, .mmap = packet_mmap,                              \
	}

static const struct proto_ops packet_raw_ops = PACKET_OPS(SOCK_RAW);
static const struct proto_ops packet_dgram_ops = PACKET_OPS(SOCK_DGRAM);
