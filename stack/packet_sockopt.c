/* SPDX-License-Identifier: MIT */
/*
 * Options of SOL_PACKET (packet(7); linux/if_packet.h), and memberships of devices: which frames a NIC
 * lets in on behalf of a socket.
 */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "nic/netdev.h"
#include "stack/af_packet.h"
#include "stack/sockopt.h"

/* ---- memberships ------------------------------------------------------------------------------- */

/* packet_dev_mc(): what the device does for one. inc: 1 or -1. */
static int dev_membership(struct net_device *dev, const struct packet_mclist *m, int inc)
{
	switch (m->type) {
	case PACKET_MR_MULTICAST:
	case PACKET_MR_UNICAST:
		if (m->alen != packet_addr_len(dev))
			return -EINVAL;
		dev_addr_filter(dev, m->addr, inc);
		return 0;
	case PACKET_MR_PROMISC:
		dev->promiscuity += inc;
		return 0;
	case PACKET_MR_ALLMULTI:
		dev->allmulti += inc;
		return 0;
	default: /* nobody looks at other kinds */
		return 0;
	}
}

static bool same(const struct packet_mclist *a, const struct packet_mclist *b)
{
	return a->ifindex == b->ifindex && a->type == b->type && a->alen == b->alen &&
	       !memcmp(a->addr, b->addr, a->alen);
}

static s64 mc_add(struct packet_sock *po, const struct packet_mclist *want)
{
	struct net_device *dev = dev_get_by_index(po->sk.host, want->ifindex);
	struct packet_mclist *m;
	int err;

	if (!dev)
		return -ENODEV;
	if (want->alen > packet_addr_len(dev))
		return -EINVAL;
	for (m = po->mclist; m; m = m->next) {
		if (same(m, want)) {
			m->count++;
			return 0;
		}
	}
	err = dev_membership(dev, want, 1);
	if (err)
		return err;
	m = xcalloc(1, sizeof(*m));
	*m = *want;
	m->count = 1;
	m->next = po->mclist;
	po->mclist = m;
	return 0;
}

static void mc_end(struct packet_sock *po, struct packet_mclist *m)
{
	struct net_device *dev = dev_get_by_index(po->sk.host, m->ifindex);

	if (dev)
		dev_membership(dev, m, -1);
	free(m);
}

/* One that is not there is no error. */
static s64 mc_drop(struct packet_sock *po, const struct packet_mclist *want)
{
	for (struct packet_mclist **pp = &po->mclist; *pp; pp = &(*pp)->next) {
		struct packet_mclist *m = *pp;

		if (!same(m, want))
			continue;
		if (--m->count == 0) {
			*pp = m->next;
			mc_end(po, m);
		}
		break;
	}
	return 0;
}

void packet_flush_mclist(struct packet_sock *po)
{
	while (po->mclist) {
		struct packet_mclist *m = po->mclist;

		po->mclist = m->next;
		if (po->sk.host->netdevs)
			mc_end(po, m);
		else
			free(m);
	}
}

static s64 set_membership(struct packet_sock *po, int name, const void *val, socklen_t len)
{
	struct packet_mreq req;
	struct packet_mclist m;

	if (len < sizeof(req))
		return -EINVAL;
	if (!val)
		return -EFAULT;
	memcpy(&req, val, sizeof(req));
	if (min((size_t)len, offsetof(struct packet_mreq, mr_address) + 32) <
	    req.mr_alen + offsetof(struct packet_mreq, mr_address))
		return -EINVAL;
	m = (struct packet_mclist){ .ifindex = req.mr_ifindex, .type = req.mr_type,
				    .alen = req.mr_alen };
	memcpy(m.addr, req.mr_address, sizeof(m.addr));
	return name == PACKET_ADD_MEMBERSHIP ? mc_add(po, &m) : mc_drop(po, &m);
}

/* ---- set --------------------------------------------------------------------------------------- */

static s64 set_int(struct packet_sock *po, int name, int v)
{
	bool ring = po->rx || po->tx;

	switch (name) {
	case PACKET_COPY_THRESH:
		po->copy_thresh = v;
		return 0;
	case PACKET_VERSION:
		if (v < TPACKET_V1 || v > TPACKET_V3)
			return -EINVAL;
		if (ring)
			return -EBUSY;
		po->version = v;
		return 0;
	case PACKET_RESERVE:
		if (v < 0)
			return -EINVAL;
		if (ring)
			return -EBUSY;
		po->reserve = (u32)v;
		return 0;
	case PACKET_LOSS:
		if (ring)
			return -EBUSY;
		po->loss = v;
		return 0;
	case PACKET_TIMESTAMP:
		po->tstamp = v;
		return 0;
	case PACKET_IGNORE_OUTGOING:
		if (v < 0 || v > 1)
			return -EINVAL;
		po->ignore_outgoing = po->hook.ignore_outgoing = v;
		return 0;
	case PACKET_TX_HAS_OFF:
		if (!ring)
			po->tx_has_off = v;
		return 0;
	default:
		assert(name == PACKET_QDISC_BYPASS);
		po->qdisc_bypass = v;
		return 0;
	}
}

s64 packet_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
		      socklen_t len)
{
	struct packet_sock *po = pkt_sk(sk);
	int v;

	if (level != SOL_PACKET)
		return -ENOPROTOOPT;
	if (!sockopt_there(val, len))
		val = NULL;
	switch (name) {
	case PACKET_ADD_MEMBERSHIP:
	case PACKET_DROP_MEMBERSHIP:
		return set_membership(po, name, val, len);
	case PACKET_RX_RING:
	case PACKET_TX_RING:
		return packet_set_ring(po, val, len, name == PACKET_TX_RING);
	case PACKET_FANOUT:
		return packet_fanout_add(po, val, len);
	case PACKET_FANOUT_DATA:
		return packet_fanout_set_data(t, po, val, len);
	case PACKET_AUXDATA:
	case PACKET_ORIGDEV:
		if (len < sizeof(v))
			return -EINVAL;
		if (!val)
			return -EFAULT;
		memcpy(&v, val, sizeof(v));
		*(name == PACKET_AUXDATA ? &po->auxdata : &po->origdev) = v;
		return 0;
	case PACKET_COPY_THRESH:
	case PACKET_VERSION:
	case PACKET_RESERVE:
	case PACKET_LOSS:
	case PACKET_TIMESTAMP:
	case PACKET_IGNORE_OUTGOING:
	case PACKET_TX_HAS_OFF:
	case PACKET_QDISC_BYPASS:
		if (len != sizeof(v))
			return -EINVAL;
		if (!val)
			return -EFAULT;
		memcpy(&v, val, sizeof(v));
		return set_int(po, name, v);
	default:
		sk->net->enoprotoopt++;
		return -ENOPROTOOPT;
	}
}

/* ---- get --------------------------------------------------------------------------------------- */

static s64 give(void *val, socklen_t *len, const void *data, size_t size)
{
	*len = min(*len, (socklen_t)size);
	memcpy(val, data, *len);
	return 0;
}

/* Reading begins anew. */
static s64 get_statistics(struct packet_sock *po, void *val, socklen_t *len)
{
	struct tpacket_stats_v3 st = { .tp_packets = po->tp_packets + po->tp_drops,
				       .tp_drops = po->tp_drops,
				       .tp_freeze_q_cnt = po->tp_freezes };
	bool v3 = po->version == TPACKET_V3;

	po->tp_packets = po->tp_drops = po->tp_freezes = 0;
	return give(val, len, &st, v3 ? sizeof(st) : sizeof(struct tpacket_stats));
}

static s64 get_hdrlen(void *val, socklen_t *len)
{
	int v;

	if (*len < sizeof(v))
		return -EINVAL;
	memcpy(&v, val, sizeof(v));
	switch (v) {
	case TPACKET_V1:
		v = sizeof(struct tpacket_hdr);
		break;
	case TPACKET_V2:
		v = sizeof(struct tpacket2_hdr);
		break;
	case TPACKET_V3:
		v = sizeof(struct tpacket3_hdr);
		break;
	default:
		return -EINVAL;
	}
	return give(val, len, &v, sizeof(v));
}

static s64 get_rollover_stats(const struct packet_sock *po, void *val, socklen_t *len)
{
	struct tpacket_rollover_stats st = { 0 };

	if (!po->rollover)
		return -EINVAL;
	st.tp_all = po->rollover->num;
	st.tp_huge = po->rollover->num_huge;
	st.tp_failed = po->rollover->num_failed;
	return give(val, len, &st, sizeof(st));
}

s64 packet_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val,
		      socklen_t *len)
{
	struct packet_sock *po = pkt_sk(sk);
	int v;

	if (level != SOL_PACKET)
		return -ENOPROTOOPT;
	switch (name) {
	case PACKET_STATISTICS:
		return get_statistics(po, val, len);
	case PACKET_HDRLEN:
		return get_hdrlen(val, len);
	case PACKET_ROLLOVER_STATS:
		return get_rollover_stats(po, val, len);
	case PACKET_AUXDATA:
		v = po->auxdata;
		break;
	case PACKET_ORIGDEV:
		v = po->origdev;
		break;
	case PACKET_VERSION:
		v = po->version;
		break;
	case PACKET_RESERVE:
		v = (int)po->reserve;
		break;
	case PACKET_COPY_THRESH:
		v = po->copy_thresh;
		break;
	case PACKET_LOSS:
		v = po->loss;
		break;
	case PACKET_TIMESTAMP:
		v = po->tstamp;
		break;
	case PACKET_FANOUT:
		v = packet_fanout_get(po);
		break;
	case PACKET_IGNORE_OUTGOING:
		v = po->ignore_outgoing;
		break;
	case PACKET_TX_HAS_OFF:
		v = po->tx_has_off;
		break;
	case PACKET_QDISC_BYPASS:
		v = po->qdisc_bypass;
		break;
	default:
		sk->net->enoprotoopt++;
		return -ENOPROTOOPT;
	}
	return give(val, len, &v, sizeof(v));
}
