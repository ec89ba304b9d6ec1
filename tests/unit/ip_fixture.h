/* SPDX-License-Identifier: MIT */
/*
 * One host with Ethernet devices whose frames the test reads and writes, for tests of the network
 * layer. Steps cost no time, so timers are exact. Included by one file of a test program.
 */
#ifndef TESTS_UNIT_IP_FIXTURE_H
#define TESTS_UNIT_IP_FIXTURE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic/netdev.h"
#include "sim/engine/trace.h"
#include "sim/host/world.h"
#include "stack/fib.h"
#include "stack/in_device.h"
#include "stack/ip.h"
#include "stack/ip_internal.h"
#include "stack/neighbour.h"
#include "tests/unit/unit.h"

#define FRAME_MAX 9100

/* A frame that the host sent. */
struct frame {
	nsec_t t;
	struct net_device *dev;
	u32 len;
	u8 b[FRAME_MAX];
};

struct ip_fixture {
	struct trace *tr;
	struct world *w;
	struct host *h;
	struct net *net;
	struct net_device *eth0, *eth1;
	struct frame sent[80];
	int nsent;
};

static struct ip_fixture *fixture_of(struct net_device *dev)
{
	return dev->priv;
}

static enum netdev_tx capture_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct ip_fixture *f = fixture_of(dev);
	struct frame *fr = &f->sent[f->nsent];

	assert_true(f->nsent < (int)ARRAY_SIZE(f->sent));
	f->nsent++;
	fr->t = f->w->sim.now;
	fr->dev = dev;
	fr->len = skb->len;
	assert_true(skb->len <= FRAME_MAX);
	skb_copy_bits(skb, 0, fr->b, skb->len);
	consume_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops capture_ops = {.start_xmit = capture_xmit};

/* Our MAC is 02:00:00:00:00:(ifindex), that of a neighbour .n is 02:00:00:00:01:n. */
static __unused_arg struct net_device *add_device(struct ip_fixture *f, const char *name)
{
	struct net_device *dev = netdev_new(f->h, name, &capture_ops, 1, 1);

	dev->mac[0] = 2;
	dev->mac[5] = (u8)dev->ifindex;
	dev->priv = f;
	dev->carrier = true;
	dev_open(dev);
	return dev;
}

static __unused_arg union ipaddr addr(const char *s)
{
	union ipaddr a;

	assert_int_equal(ipaddr_parse(s, &a), 0);
	return a;
}

static __unused_arg void add_addr(struct ip_fixture *f, struct net_device *dev, const char *prefix)
{
	union ipaddr a;
	int plen;

	assert_int_equal(ipaddr_parse_prefix(prefix, &a, &plen), 0);
	assert_int_equal(ip_addr_add(f->net, dev, &a, plen), 0);
}

static __unused_arg int add_route(struct ip_fixture *f, const char *prefix, const char *via,
				  struct net_device *dev, u32 metric)
{
	struct route_spec r = {.dev = dev, .metric = metric};

	assert_int_equal(ipaddr_parse_prefix(prefix, &r.dst, &r.plen), 0);
	if (via)
		r.gateway = addr(via);
	return route_add(f->net, &r);
}

/* eth0 with 10.0.0.1/24 and 2001:db8::1/64. */
static __unused_arg int ip_setup(void **state)
{
	struct ip_fixture *f = xcalloc(1, sizeof(*f));

	f->tr = trace_new(TRACE_NONE);
	f->w = world_new(1, strategy_default(), f->tr);
	f->h = host_new(f->w, "h", 1);
	memset(&f->h->cost, 0, sizeof(f->h->cost));
	f->net = net_host_init(f->h);
	f->eth0 = add_device(f, "eth0");
	add_addr(f, f->eth0, "10.0.0.1/24");
	add_addr(f, f->eth0, "2001:db8::1/64");
	*state = f;
	return 0;
}

static __unused_arg int ip_teardown(void **state)
{
	struct ip_fixture *f = *state;

	world_destroy(f->w);
	trace_free(f->tr, true);
	free(f);
	return 0;
}

static __unused_arg void run_until(struct ip_fixture *f, nsec_t t)
{
	sim_run(&f->w->sim, t);
	f->w->sim.now = max(f->w->sim.now, t);
}

static __unused_arg u64 mib(struct ip_fixture *f, enum mib m)
{
	return f->net->mib.v[m];
}

/* ---- frames to the host ---- */

static __unused_arg void inject(struct net_device *dev, const u8 *frame, u32 len)
{
	struct sk_buff *skb = alloc_skb(dev->host);
	u32 lin = min(len, 64);

	memcpy(skb_put(skb, lin), frame, lin);
	skb_add_data(skb, frame + lin, len - lin);
	skb->dev = dev;
	skb->truesize = SKB_TRUESIZE(len);
	if (!eth_type_trans(skb, dev)) {
		consume_skb(skb);
		return;
	}
	netif_receive_skb(skb);
}

/* Ethernet header from neighbour n to the device; returns its length. */
static __unused_arg u32 put_eth(u8 *b, const struct net_device *dev, u8 n, u16 type)
{
	const u8 src[6] = {2, 0, 0, 0, 1, n};

	memcpy(b, dev->mac, 6);
	memcpy(b + 6, src, 6);
	put_be16(b + 12, type);
	return 14;
}

struct ip4 {
	const char *src, *dst;
	u8 proto, ttl, tos;
	u16 id, frag; /* flags and offset in units of 8 */
	const u8 *data;
	u32 len;
};

static __unused_arg void put_v4(u8 *p, const char *s)
{
	union ipaddr a = addr(s);

	memcpy(p, &a.b[12], 4);
}

/* Builds a frame from neighbour 2; returns its length. */
static __unused_arg u32 build_ip4(u8 *b, const struct net_device *dev, const struct ip4 *p)
{
	u32 off = put_eth(b, dev, 2, 0x0800);
	u8 *h = b + off;

	memset(h, 0, 20);
	h[0] = 0x45;
	h[1] = p->tos;
	put_be16(h + 2, (u16)(20 + p->len));
	put_be16(h + 4, p->id);
	put_be16(h + 6, p->frag);
	h[8] = p->ttl ? p->ttl : 64;
	h[9] = p->proto;
	put_v4(h + 12, p->src);
	put_v4(h + 16, p->dst);
	ip_send_check(h);
	if (p->len)
		memcpy(h + 20, p->data, p->len);
	return off + 20 + p->len;
}

static __unused_arg void send_ip4(struct net_device *dev, const struct ip4 *p)
{
	u8 b[FRAME_MAX];

	inject(dev, b, build_ip4(b, dev, p));
}

struct ip6 {
	const char *src, *dst;
	u8 next, hops;
	const u8 *data;
	u32 len;
};

static __unused_arg void send_ip6(struct net_device *dev, const struct ip6 *p)
{
	u8 b[FRAME_MAX];
	u32 off = put_eth(b, dev, 2, 0x86dd);
	union ipaddr s = addr(p->src), d = addr(p->dst);

	put_be32(b + off, 6u << 28);
	put_be16(b + off + 4, (u16)p->len);
	b[off + 6] = p->next;
	b[off + 7] = p->hops ? p->hops : 64;
	memcpy(b + off + 8, s.b, 16);
	memcpy(b + off + 24, d.b, 16);
	if (p->len)
		memcpy(b + off + 40, p->data, p->len);
	inject(dev, b, off + 40 + p->len);
}

/* An ICMP echo request with len bytes of counting payload; returns its whole length. */
static __unused_arg u32 build_echo(u8 *b, u32 len)
{
	memset(b, 0, 8);
	b[0] = 8;
	put_be32(b + 4, 0x12340001);
	for (u32 i = 0; i < len; i++)
		b[8 + i] = (u8)(i * 7);
	put_be16(b + 2, csum_fold(csum_partial(b, 8 + len, 0)));
	return 8 + len;
}

/* ---- packets from the host ---- */

/* Sends a datagram of len payload bytes as UDP would; -errno or 0. */
static __unused_arg int send_datagram(struct ip_fixture *f, const char *to, u32 len, bool df)
{
	struct flow fl = {.daddr = addr(to)};
	struct ip_tx tx = {.daddr = fl.daddr, .proto = IPPROTO_UDP, .df = df, .local_df = !df};
	struct sk_buff *skb;
	u8 *payload;
	struct dst dst;
	int err;

	if (ipaddr_is_v4(&fl.daddr))
		fl.saddr = ipaddr_v4(0);
	err = route_output(f->net, &fl, &dst);
	if (err)
		return err;
	tx.saddr = dst.saddr;
	skb = alloc_skb(f->h);
	memset(skb_put(skb, 8), 0, 8);
	put_be16(skb_data(skb), 1000);
	put_be16(skb_data(skb) + 2, 2000);
	put_be16(skb_data(skb) + 4, (u16)(8 + len));
	payload = xcalloc(1, len + 1);
	for (u32 i = 0; i < len; i++)
		payload[i] = (u8)(i * 7);
	skb_add_data(skb, payload, len);
	free(payload);
	skb->truesize = SKB_TRUESIZE(len + 8);
	return ip_output(f->net, skb, &dst, &tx);
}

/* Makes neighbour n of eth0 known without asking. */
static __unused_arg void know(struct ip_fixture *f, const char *a, u8 n)
{
	const u8 mac[6] = {2, 0, 0, 0, 1, n};
	union ipaddr ip = addr(a);

	assert_int_equal(neigh_add(f->net, f->eth0, &ip, mac), 0);
}

#endif
