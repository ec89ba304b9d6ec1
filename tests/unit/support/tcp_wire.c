/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/tcp_wire.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace.h"
#include "stack/in_device.h"
#include "stack/ip_internal.h"
#include "tests/unit/unit.h"

#define PEER_ISN 1000000u
#define FLAG_LETTERS "FSRP.UEC"

/* ---- the host ------------------------------------------------------------------------------- */

static u32 parse_seg_options(struct wire_seg *s, const u8 *p, u32 len)
{
	char *out = s->options, *end = out + sizeof(s->options);

	for (u32 i = 0; i < len;) {
		const char *sep = out == s->options ? "" : ",";
		u32 n = p[i] < 2 ? 1 : p[i + 1];

		switch (p[i]) {
		case 1:
			out += snprintf(out, (size_t)(end - out), "%snop", sep);
			break;
		case 2:
			out += snprintf(out, (size_t)(end - out), "%smss %u", sep,
					get_be16(p + i + 2));
			break;
		case 3:
			out += snprintf(out, (size_t)(end - out), "%swscale %u", sep, p[i + 2]);
			break;
		case 4:
			out += snprintf(out, (size_t)(end - out), "%ssackOK", sep);
			break;
		case 5:
			out += snprintf(out, (size_t)(end - out), "%ssack", sep);
			break;
		case 8:
			out += snprintf(out, (size_t)(end - out), "%sTS", sep);
			s->ts = true;
			s->tsval = get_be32(p + i + 2);
			s->tsecr = get_be32(p + i + 6);
			break;
		default:
			return i;
		}
		i += n;
	}
	return len;
}

/* One frame of one segment; super-packets do not come, as the device offers no segmentation. */
static enum netdev_tx wire_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct wire *w = dev->priv;
	struct wire_seg *s = &w->seg[w->nseg];
	u8 b[2048];
	u32 ip, hlen;

	assert_true(skb->len <= sizeof(b));
	skb_copy_bits(skb, 0, b, skb->len);
	ip = ETH_HLEN + (b[ETH_HLEN] & 15) * 4u;
	if (get_be16(b + 12) == 0x0800 && b[ETH_HLEN + 9] == IPPROTO_TCP) {
		const u8 *th = b + ip;

		assert_true(w->nseg < WIRE_MAX);
		memset(s, 0, sizeof(*s));
		hlen = (th[12] >> 4) * 4u;
		s->t = w->w->sim.now;
		s->sport = get_be16(th);
		s->dport = get_be16(th + 2);
		s->seq = get_be32(th + 4);
		s->ack = get_be32(th + 8);
		s->flags = th[13];
		s->window = get_be16(th + 14);
		s->urg = get_be16(th + 18);
		s->len = get_be16(b + ETH_HLEN + 2) - (ip - ETH_HLEN) - hlen;
		parse_seg_options(s, th + 20, hlen - 20);
		w->nseg++;
	}
	consume_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops wire_ops = {.start_xmit = wire_xmit};

static union ipaddr v4(const char *text)
{
	union ipaddr a;

	assert_int_equal(ipaddr_parse(text, &a), 0);
	return a;
}

void wire_open(struct wire *w)
{
	const u8 peer[6] = {2, 0, 0, 0, 1, 2};
	union ipaddr host = v4("10.0.0.1"), other = v4("10.0.0.2");

	memset(w, 0, sizeof(*w));
	w->tr = trace_new(TRACE_NONE);
	w->w = world_new(1, strategy_default(), w->tr);
	stack_world_init(w->w);
	w->h = host_new(w->w, "h", 1);
	memset(&w->h->cost, 0, sizeof(w->h->cost));
	w->net = net_host_init(w->h);
	w->dev = netdev_new(w->h, "eth0", &wire_ops, 1, 1);
	w->dev->mac[0] = 2;
	w->dev->mac[5] = 1;
	w->dev->priv = w;
	w->dev->carrier = true;
	dev_open(w->dev);
	assert_int_equal(ip_addr_add(w->net, w->dev, &host, 24), 0);
	assert_int_equal(neigh_add(w->net, w->dev, &other, peer), 0);
	/* Not at time 0, which some fields take for "never". */
	wire_run(w, NSEC_PER_SEC);
}

void wire_close(struct wire *w)
{
	world_destroy(w->w);
	trace_free(w->tr, true);
}

nsec_t wire_now(const struct wire *w)
{
	return w->w->sim.now;
}

void wire_run(struct wire *w, nsec_t ns)
{
	nsec_t until = w->w->sim.now + ns;

	sim_run(&w->w->sim, until);
	w->w->sim.now = max(w->w->sim.now, until);
}

void wire_spawn(struct wire *w, vproc_fn fn, void *arg)
{
	w->spawn_mark = w->nseg;
	vproc_start(w->h, "prog", fn, arg, wire_now(w));
	wire_run(w, 0);
}

void wire_conn_init(struct wire_conn *c, struct wire *w, u16 port, u16 host_port)
{
	*c = (struct wire_conn){.w = w,
				.port = port,
				.host_port = host_port,
				.isn = PEER_ISN,
				.next = host_port ? w->nseg : w->spawn_mark};
}

/* ---- to the host ---------------------------------------------------------------------------- */

struct draft {
	u8 flags;
	u32 seq, len, ack;
	u16 win, urg;
	u8 opt[40];
	u32 optlen;
};

static void add_option(struct draft *d, u8 kind, u8 len, u32 val)
{
	u8 *p = d->opt + d->optlen;

	p[0] = kind;
	p[1] = len;
	if (len == 3)
		p[2] = (u8)val;
	else if (len == 4)
		put_be16(p + 2, (u16)val);
	d->optlen += len;
}

static u32 wire_clock(const struct wire_conn *c)
{
	return (u32)(c->w->w->sim.now / NSEC_PER_MSEC) + 1000000u + (u32)c->ts_off;
}

static void add_tstamp(struct draft *d, u32 val, u32 ecr)
{
	u8 *p = d->opt + d->optlen;

	p[0] = p[1] = 1;
	p[2] = 8;
	p[3] = 10;
	put_be32(p + 4, val);
	put_be32(p + 8, ecr);
	d->optlen += 12;
}

static void parse_options(struct draft *d, const char *text)
{
	char word[64];
	unsigned val;
	int n;

	while (*text && *text != '>') {
		if (sscanf(text, " mss %u%n", &val, &n) == 1)
			add_option(d, 2, 4, val);
		else if (sscanf(text, " wscale %u%n", &val, &n) == 1)
			add_option(d, 3, 3, val);
		else if (sscanf(text, " %63[a-zA-Z]%n", word, &n) == 1 && !strcmp(word, "sackOK"))
			add_option(d, 4, 2, 0);
		else
			fail_msg("option: %s", text);
		text += n;
		if (*text == ',')
			text++;
	}
	while (d->optlen % 4)
		d->opt[d->optlen++] = 1;
}

static void parse_draft(struct wire_conn *c, const char *text, struct draft *d)
{
	unsigned first, last, len;
	char flags[16];
	const char *p;

	*d = (struct draft){.win = 65535};
	assert_int_equal(sscanf(text, "%15s %u:%u(%u)", flags, &first, &last, &len), 4);
	assert_int_equal(last - first, len);
	for (p = flags; *p; p++) {
		const char *bit = strchr(FLAG_LETTERS, *p);

		if (*p != '-')
			d->flags |= (u8)(1u << (bit - FLAG_LETTERS));
	}
	d->seq = first;
	d->len = len;
	p = strstr(text, "ack ");
	if (p)
		d->ack = (u32)strtoul(p + 4, NULL, 10);
	p = strstr(text, "win ");
	if (p)
		d->win = (u16)strtoul(p + 4, NULL, 10);
	p = strstr(text, "urg ");
	if (p)
		d->urg = (u16)strtoul(p + 4, NULL, 10);
	p = strchr(text, '<');
	if (p)
		parse_options(d, p + 1);
	if (c->ts)
		add_tstamp(d, wire_clock(c), d->flags & 0x10 ? c->tsecr : 0);
}

static void inject(struct wire *w, u8 proto, const u8 *seg, u32 len)
{
	union ipaddr s = v4("10.0.0.2"), t = v4("10.0.0.1");
	struct sk_buff *skb = alloc_skb(w->h);
	u8 *b = skb_put(skb, ETH_HLEN + 20);
	u8 *ip = b + ETH_HLEN;

	memset(b, 0, ETH_HLEN + 20);
	memcpy(b, w->dev->mac, 6);
	b[6] = 2;
	b[10] = 1;
	b[11] = 2;
	put_be16(b + 12, 0x0800);
	ip[0] = 0x45;
	put_be16(ip + 2, (u16)(20 + len));
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, &s.b[12], 4);
	memcpy(ip + 16, &t.b[12], 4);
	ip_send_check(ip);
	skb_add_data(skb, seg, len);
	skb->dev = w->dev;
	skb->truesize = SKB_TRUESIZE(len + 60);
	skb->tstamp = w->w->sim.now;
	assert_true(eth_type_trans(skb, w->dev));
	netif_receive_skb(skb);
	wire_run(w, 0);
}

void wire_rx(struct wire_conn *c, const char *text)
{
	union ipaddr s = v4("10.0.0.2"), t = v4("10.0.0.1");
	struct draft d;
	u32 hlen, len;
	u8 b[2048];

	parse_draft(c, text, &d);
	hlen = 20 + d.optlen;
	len = hlen + d.len;
	assert_true(len <= sizeof(b));
	memset(b, 0, 20);
	put_be16(b, c->port);
	put_be16(b + 2, c->host_port);
	put_be32(b + 4, c->isn + d.seq);
	put_be32(b + 8, d.flags & 0x10 ? c->host_isn + d.ack : 0);
	b[12] = (u8)(hlen / 4 << 4);
	b[13] = d.flags;
	put_be16(b + 14, d.win);
	put_be16(b + 18, d.urg);
	memcpy(b + 20, d.opt, d.optlen);
	for (u32 i = 0; i < d.len; i++)
		b[hlen + i] = (u8)('a' + (d.seq + i) % 26);
	put_be16(b + 16, csum_fold(csum_partial(b, len, ip_pseudo_sum(&s, &t, IPPROTO_TCP, len))));
	if (c->bad_checksum)
		b[16] ^= 0xff;
	c->bad_checksum = false;
	inject(c->w, IPPROTO_TCP, b, len);
}

void wire_icmp(struct wire_conn *c, u8 type, u8 code, u16 info, u32 seq)
{
	union ipaddr s = v4("10.0.0.1"), t = v4("10.0.0.2");
	u8 b[36] = {type, code};

	put_be16(b + 6, info);
	b[8] = 0x45;
	put_be16(b + 10, 40);
	b[16] = 64;
	b[17] = IPPROTO_TCP;
	memcpy(b + 20, &s.b[12], 4);
	memcpy(b + 24, &t.b[12], 4);
	put_be16(b + 28, c->host_port);
	put_be16(b + 30, c->port);
	put_be32(b + 32, c->host_isn + seq);
	put_be16(b + 2, csum_fold(csum_partial(b, sizeof(b), 0)));
	inject(c->w, IPPROTO_ICMP, b, sizeof(b));
}

/* ---- from the host -------------------------------------------------------------------------- */

static bool belongs(struct wire_conn *c, const struct wire_seg *s)
{
	return s->dport == c->port && (!c->host_port || s->sport == c->host_port);
}

static struct wire_seg *next_seg(struct wire_conn *c)
{
	while (c->next < c->w->nseg) {
		struct wire_seg *s = &c->w->seg[c->next++];

		if (belongs(c, s))
			return s;
	}
	return NULL;
}

static void learn(struct wire_conn *c, const struct wire_seg *s)
{
	if ((s->flags & 2) && (!c->host_known || !c->host_port)) {
		c->host_isn = s->seq;
		c->host_port = s->sport;
		c->host_known = true;
	}
	if (s->ts)
		c->tsecr = s->tsval;
}

static void describe(struct wire_conn *c, const struct wire_seg *s, char *out)
{
	u32 seq = s->seq - c->host_isn;
	int n = 0;

	/* S F R P U E C and the dot last, as tcpdump has it. */
	for (const char *l = "SFRPUEC."; *l; l++)
		if (s->flags & 1u << (strchr(FLAG_LETTERS, *l) - FLAG_LETTERS))
			out[n++] = *l;
	n += snprintf(out + n, WIRE_LEN - (size_t)n, " %u:%u(%u)", seq, seq + s->len, s->len);
	if (s->flags & 0x10)
		n += snprintf(out + n, WIRE_LEN - (size_t)n, " ack %u", s->ack - c->isn);
	n += snprintf(out + n, WIRE_LEN - (size_t)n, " win %u", s->window);
	if (s->flags & 0x20)
		n += snprintf(out + n, WIRE_LEN - (size_t)n, " urg %u", s->urg);
	if (s->options[0])
		snprintf(out + n, WIRE_LEN - (size_t)n, " <%s>", s->options);
}

static void expect(struct wire_conn *c, const struct wire_seg *s, const char *text)
{
	char got[WIRE_LEN];
	size_t n;

	if (!s)
		fail_msg("expected \"%s\", nothing was sent", text);
	learn(c, s);
	describe(c, s, got);
	n = strlen(text);
	/* A number must not go on. */
	if (strncmp(got, text, n) || (isdigit(text[n - 1]) && isdigit(got[n])))
		fail_msg("expected \"%s\", got \"%s\"", text, got);
}

void wire_tx(struct wire_conn *c, const char *text)
{
	expect(c, next_seg(c), text);
}

void wire_tx_after(struct wire_conn *c, nsec_t ns, const char *text)
{
	nsec_t t = wire_now(c->w) + ns;
	struct wire_seg *s;

	wire_run(c->w, ns - 1);
	wire_quiet(c);
	wire_run(c->w, 1);
	s = next_seg(c);
	expect(c, s, text);
	assert_int_equal(s->t, t);
}

void wire_quiet(struct wire_conn *c)
{
	struct wire_seg *s = next_seg(c);
	char got[WIRE_LEN];

	if (!s)
		return;
	describe(c, s, got);
	fail_msg("expected nothing, got \"%s\"", got);
}

void wire_handshake(struct wire_conn *c)
{
	wire_rx(c, "S 0:0(0) win 65535 <mss 1460,sackOK,wscale 7>");
	wire_tx(c, "S. 0:0(0) ack 1");
	wire_rx(c, ". 1:1(0) ack 1 win 512");
}
