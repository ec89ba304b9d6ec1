/* SPDX-License-Identifier: MIT */
/*
 * A NIC on host b, joined by an endlessly fast link of 1 us to a port of host a that sends what a test
 * makes; what comes up is noted, and the trace can be told as a story. Included by one file of a test.
 */
#ifndef TESTS_UNIT_RX_FIXTURE_H
#define TESTS_UNIT_RX_FIXTURE_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>

#include "nic/nic.h"
#include "tests/unit/net_fixture.h"

#define RX_DELAY 1000
#define RX_MAX 4096

struct rx_fixture {
	struct net_fixture f;
	struct host *host; /* b */
	struct net_device *dev;
	struct link *link;
	struct packet_type ip, ip6;
	struct sk_buff_head got; /* in order */
	nsec_t t[RX_MAX];	 /* when it came up, and on which CPU */
	int cpu[RX_MAX];
	char *text; /* the trace so far */
	char story[32768];
};

static __unused_arg void rx_got(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt)
{
	struct rx_fixture *x = pt->priv;

	assert_true(x->got.qlen < RX_MAX);
	x->t[x->got.qlen] = host_now(x->host);
	x->cpu[x->got.qlen] = cpu_current(x->host)->id;
	skb_queue_tail(&x->got, skb);
}

static __unused_arg void rx_setup(struct rx_fixture *x, struct strategy *st,
				  const struct nic_params *p)
{
	static const u8 mac[] = {2, 0, 0, 0, 0, 2};
	static const struct link_params lp = {.delay = RX_DELAY};

	memset(x, 0, sizeof(*x));
	net_setup_level(&x->f, 1, st, TRACE_ALL);
	trace_add_sink(x->f.tr, trace_memory_sink(&x->text));
	x->host = x->f.host[1];
	netdev_host_init(x->host);
	x->ip = (struct packet_type){.type = htons(ETH_P_IP), .func = rx_got, .priv = x};
	x->ip6 = (struct packet_type){.type = htons(ETH_P_IPV6), .func = rx_got, .priv = x};
	dev_add_pack(x->host, &x->ip);
	dev_add_pack(x->host, &x->ip6);
	skb_queue_init(&x->got);
	x->dev = nic_new(x->host, "eth0", p, mac);
	assert_int_equal(dev_open(x->dev), 0);
	x->link = link_new(x->f.w, &x->f.note[0].port, nic_port(x->dev), &lp, &lp);
}

static __unused_arg void rx_setup_default(struct rx_fixture *x)
{
	struct nic_params p;

	nic_params_default(&p);
	rx_setup(x, strategy_default(), &p);
}

static __unused_arg void rx_teardown(struct rx_fixture *x)
{
	skb_queue_purge(&x->got);
	net_teardown(&x->f);
	free(x->text);
}

static __unused_arg struct sk_buff *rx_nth(struct rx_fixture *x, u32 n)
{
	struct list_head *at = x->got.list.next;

	assert_true(n < x->got.qlen);
	while (n--)
		at = at->next;
	return list_entry(at, struct sk_buff, node);
}

/* Runs until time t; with 0, until nothing is left to do. */
static __unused_arg void rx_run(struct rx_fixture *x, nsec_t t)
{
	sim_run(&x->f.w->sim, t ? t : NSEC_NEVER - 1);
}

/* A frame of no protocol that anybody looks into leaves a's port now. */
static __unused_arg void rx_send(struct rx_fixture *x, u32 tag)
{
	net_send(&x->f, 0, 60, tag);
}

/* Sends by an event, since a test that runs until then would let the clock stop before it. */
struct rx_later {
	struct event ev;
	struct rx_fixture *x;
	struct sk_buff *skb;
};

static __unused_arg void rx_later_fire(struct sim *s, struct event *ev)
{
	struct rx_later *l = container_of(ev, struct rx_later, ev);

	link_transmit(&l->x->f.note[0].port, l->skb, 0);
}

/* A frame that is there at absolute time t. l lives until then. */
static __unused_arg void rx_arrive_at(struct rx_fixture *x, struct rx_later *l, nsec_t t,
				      struct sk_buff *skb)
{
	*l = (struct rx_later){.x = x, .skb = skb};
	event_init(&l->ev, x->f.host[0]->id, rx_later_fire);
	event_at(&x->f.w->sim, &l->ev, x->f.host[0]->id, t - RX_DELAY);
}

/* ---- frames of IPv4 ----------------------------------------------------------------------------- */

/* What a frame says; the rest is 10.0.0.1 to 10.0.0.2, TTL 64, DF. */
struct rx_ip {
	u8 proto;
	u16 sport, dport;
	u32 saddr, daddr; /* 0: as above */
	u32 seq, ack;
	u8 flags, tos, ttl; /* ttl 0: 64 */
	u16 id;
	u8 opt[12];	 /* TCP options, opt_len a multiple of 4 */
	u32 opt_len;
	u32 len;	 /* payload; its bytes count up from seq */
	bool no_df;
};

static __unused_arg struct sk_buff *rx_frame(struct rx_fixture *x, const struct rx_ip *f)
{
	u32 l4 = f->proto == IPPROTO_TCP ? 20 + f->opt_len : 8;
	struct sk_buff *skb = alloc_skb(x->f.host[0]);
	u8 *ip, *th, bytes[2048];

	assert_true(f->len <= sizeof(bytes));
	ip = skb_put(skb, 20 + l4);
	memset(ip, 0, 20 + l4);
	th = ip + 20;
	ip[0] = 0x45;
	ip[1] = f->tos;
	put_be16(ip + 2, (u16)(20 + l4 + f->len));
	put_be16(ip + 4, f->id);
	ip[6] = f->no_df ? 0 : 0x40;
	ip[8] = f->ttl ? f->ttl : 64;
	ip[9] = f->proto;
	put_be32(ip + 12, f->saddr ? f->saddr : 0x0a000001);
	put_be32(ip + 16, f->daddr ? f->daddr : 0x0a000002);
	put_be16(ip + 10, csum_fold(csum_partial(ip, 20, 0)));
	put_be16(th, f->sport);
	put_be16(th + 2, f->dport);
	if (f->proto == IPPROTO_TCP) {
		put_be32(th + 4, f->seq);
		put_be32(th + 8, f->ack);
		th[12] = (u8)(l4 / 4 << 4);
		th[13] = f->flags;
		memcpy(th + 20, f->opt, f->opt_len);
	} else {
		put_be16(th + 4, (u16)(8 + f->len));
	}
	for (u32 i = 0; i < f->len; i++)
		bytes[i] = (u8)(f->seq + i);
	if (f->len)
		skb_add_data(skb, bytes, f->len);
	skb->network_header = skb->data;
	skb->transport_header = (u16)(skb->data + 20);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb->transport_header;
	skb->csum_offset = f->proto == IPPROTO_TCP ? 16 : 6;
	eth_header(skb, (const u8[]){2, 0, 0, 0, 0, 2}, (const u8[]){2, 0, 0, 0, 0, 1}, ETH_P_IP);
	return skb;
}

static __unused_arg void rx_send_frame(struct rx_fixture *x, const struct rx_ip *f)
{
	link_transmit(&x->f.note[0].port, rx_frame(x, f), 0);
}

/* ---- the trace as a story ----------------------------------------------------------------------- */

/* The cell of a column in a line "table a=1 b=x ..."; empty when it is not there. */
static __unused_arg const char *rx_cell(const char *line, const char *column, char *buf)
{
	size_t n = strlen(column);
	const char *end = strchr(line, '\n'), *p = line;

	buf[0] = '\0';
	while ((p = strstr(p, column)) != NULL && p < end) {
		if (p[-1] == ' ' && p[n] == '=') {
			sscanf(p + n + 1, "%63[^ \n]", buf);
			break;
		}
		p++;
	}
	return buf;
}

/*
 * What b's CPUs and NAPI instances did, a line for each: "time cpu what", as "2000 0 irq enter",
 * "2400 0 napi poll 1".
 */
static __unused_arg const char *rx_story(struct rx_fixture *x)
{
	char *out = x->story, t[64], cpu[64], what[64], work[64];

	*out = '\0';
	for (const char *line = x->text; line && *line; line = strchr(line, '\n') + 1) {
		bool irq = !strncmp(line, "irq ", 4), napi = !strncmp(line, "napi_poll ", 10);

		if (!irq && !napi)
			continue;
		rx_cell(line, "t", t);
		rx_cell(line, "cpu", cpu);
		rx_cell(line, "what", what);
		if (irq)
			out += sprintf(out, "%s %s irq %s\n", t, cpu, what);
		else
			out += sprintf(out, "%s %s napi %s %s\n", t, cpu, what,
				       rx_cell(line, "work", work));
	}
	return x->story;
}

/* How many lines of a table have this text in them. */
static __unused_arg int rx_count(struct rx_fixture *x, const char *table, const char *text)
{
	int n = 0;

	for (const char *line = x->text; line && *line; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n'), *p = strstr(line, text);

		n += !strncmp(line, table, strlen(table)) && p && p < end;
	}
	return n;
}

#endif
