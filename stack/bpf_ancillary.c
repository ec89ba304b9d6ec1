/* SPDX-License-Identifier: MIT */
/*
 * Ancillary loads (SKF_AD_*; filter.rst): what a classic program can learn that is not in the packet,
 * and the three that Linux has as functions: netlink attributes, the payload's offset, random numbers.
 */
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>

#include "nic/netdev.h"
#include "stack/bpf.h"
#include "stack/net.h"

/* ---- netlink attributes ------------------------------------------------------------------------ */

/* Of type x among those in [pos, end); its offset, or 0. */
static u32 nla_find(const struct sk_buff *skb, u32 base, u32 pos, u32 end, u32 type)
{
	struct nlattr a;

	while (end >= pos && end - pos >= sizeof(a) &&
	       bpf_load_bytes(skb, (s64)base + pos, &a, sizeof(a))) {
		if (a.nla_len < sizeof(a) || a.nla_len > end - pos)
			return 0;
		if ((a.nla_type & NLA_TYPE_MASK) == type)
			return pos;
		pos += NLA_ALIGN((u32)a.nla_len);
	}
	return 0;
}

static u32 load_nlattr(const struct sk_buff *skb, u32 base, u32 pos, u32 type, bool nested)
{
	u32 len = skb->len - base;
	struct nlattr a;

	if (len < sizeof(a) || pos > len - sizeof(a))
		return 0;
	if (!nested)
		return nla_find(skb, base, pos, len, type);
	if (!bpf_load_bytes(skb, (s64)base + pos, &a, sizeof(a)) || a.nla_len > len - pos ||
	    a.nla_len < NLA_HDRLEN)
		return 0;
	return nla_find(skb, base, pos + NLA_HDRLEN, pos + a.nla_len, type);
}

/* ---- where the payload begins ------------------------------------------------------------------ */

struct dissected {
	s64 off; /* of the transport header, from the packet's data */
	u8 proto;
	bool later_fragment;
};

static bool dissect_v4(const struct sk_buff *skb, struct dissected *d)
{
	u8 h[20];

	if (!bpf_load_bytes(skb, d->off, h, sizeof(h)) || (h[0] & 0xf) < 5)
		return false;
	d->off += (h[0] & 0xf) * 4;
	d->proto = h[9];
	d->later_fragment = get_be16(h + 6) & 0x1fff;
	return true;
}

static bool dissect_v6(const struct sk_buff *skb, struct dissected *d)
{
	u8 h[40], ext[8];

	if (!bpf_load_bytes(skb, d->off, h, sizeof(h)))
		return false;
	d->proto = h[6];
	d->off += sizeof(h);
	for (;;) {
		switch (d->proto) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			if (!bpf_load_bytes(skb, d->off, ext, 2))
				return false;
			d->off += (ext[1] + 1) * 8;
			break;
		case IPPROTO_AH:
			if (!bpf_load_bytes(skb, d->off, ext, 2))
				return false;
			d->off += (ext[1] + 2) * 4;
			break;
		case IPPROTO_FRAGMENT:
			if (!bpf_load_bytes(skb, d->off, ext, 8))
				return false;
			d->off += 8;
			d->proto = ext[0];
			d->later_fragment = get_be16(ext + 2) & 0xfff8;
			return true;
		default:
			return true;
		}
		d->proto = ext[0];
	}
}

static bool dissect(const struct sk_buff *skb, struct dissected *d)
{
	u16 protocol = ntohs(skb->protocol);
	u8 tag[4];

	if (!skb->dev)
		return false;
	d->off = (s64)skb->network_header - skb->data;
	while (protocol == ETH_P_8021Q || protocol == ETH_P_8021AD) {
		if (!bpf_load_bytes(skb, d->off, tag, sizeof(tag)))
			return false;
		protocol = get_be16(tag + 2);
		d->off += sizeof(tag);
	}
	if (protocol == ETH_P_IP)
		return dissect_v4(skb, d);
	return protocol == ETH_P_IPV6 && dissect_v6(skb, d);
}

/* __skb_get_poff(): from the packet's data + base. */
static u32 payload_offset(const struct sk_buff *skb, u32 base)
{
	struct dissected d = { 0 };
	u32 poff;
	u8 doff;

	if (!dissect(skb, &d))
		return 0;
	poff = min((u32)(u16)(d.off - base), (u32)(u16)(skb->len - base));
	if (d.later_fragment)
		return poff;
	switch (d.proto) {
	case IPPROTO_TCP:
		if (!bpf_load_bytes(skb, (s64)base + poff + 12, &doff, 1))
			return poff;
		return poff + max(20u, (u32)(doff & 0xf0) >> 2);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
	case IPPROTO_IGMP:
		return poff + 8;
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
		return poff + 12;
	default:
		return poff;
	}
}

/* ---- all of them ------------------------------------------------------------------------------- */

static u32 device_type(const struct net_device *dev)
{
	return dev->flags & IFF_LOOPBACK    ? ARPHRD_LOOPBACK :
	       dev->flags & IFF_POINTOPOINT ? ARPHRD_NONE :
					      ARPHRD_ETHER;
}

/* What a receiver without a device gets ends the program as it is. */
static bool of_device(const struct sk_buff *skb, u32 ad, u32 *a)
{
	if (!skb->dev)
		return false;
	*a = ad == SKF_AD_IFINDEX ? (u32)skb->dev->ifindex : device_type(skb->dev);
	return true;
}

bool bpf_ancillary(const struct sk_buff *skb, u32 base, u32 ad, u32 *a, u32 x)
{
	switch (ad) {
	case SKF_AD_PROTOCOL:
		*a = ntohs(skb->protocol);
		break;
	case SKF_AD_PKTTYPE:
		*a = skb->pkt_type & 7;
		break;
	case SKF_AD_IFINDEX:
	case SKF_AD_HATYPE:
		return of_device(skb, ad, a);
	case SKF_AD_NLATTR:
	case SKF_AD_NLATTR_NEST:
		*a = load_nlattr(skb, base, *a, x, ad == SKF_AD_NLATTR_NEST);
		break;
	case SKF_AD_MARK:
		*a = skb->mark;
		break;
	case SKF_AD_QUEUE:
		*a = skb->queue_mapping;
		break;
	case SKF_AD_RXHASH:
		*a = skb->hash;
		break;
	case SKF_AD_CPU:
		*a = (u32)cpu_current(skb->host)->id;
		break;
	case SKF_AD_ALU_XOR_X:
		*a ^= x;
		break;
	case SKF_AD_VLAN_TAG:
		*a = skb->vlan_tci;
		break;
	case SKF_AD_VLAN_TAG_PRESENT:
		*a = skb->vlan_tci != 0;
		break;
	case SKF_AD_VLAN_TPID:
		*a = skb->vlan_tci ? ETH_P_8021Q : 0;
		break;
	case SKF_AD_PAY_OFFSET:
		*a = payload_offset(skb, base);
		break;
	default:
		assert(ad == SKF_AD_RANDOM);
		*a = rng_u32(&skb->host->net->rng_bpf);
	}
	return true;
}
