/* SPDX-License-Identifier: MIT */
/*
 * A world with two or three hosts and ports that note what arrives, for tests of links and what is
 * around them. Included by one file of a test program.
 */
#ifndef TESTS_UNIT_NET_FIXTURE_H
#define TESTS_UNIT_NET_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "nic/link.h"
#include "nic/skb.h"
#include "sim/engine/trace.h"
#include "sim/host/host.h"
#include "sim/host/world.h"
#include "tests/unit/unit.h"

#define NOTE_MAX 32768

/* What arrived at a port. */
struct note {
	struct link_port port;
	struct world *w;
	int n;
	nsec_t t[NOTE_MAX];
	u32 tag[NOTE_MAX]; /* bytes 14 to 17 of the frame */
	int ready, ups, downs;
	nsec_t ready_at;
	struct sk_buff *keep; /* the last one, when keep_last is set */
	bool keep_last;
};

struct net_fixture {
	struct trace *tr;
	struct world *w;
	struct host *host[3];
	struct note *note; /* [3] */
};

static __unused_arg void note_receive(struct link_port *p, struct sk_buff *skb)
{
	struct note *n = p->owner;
	u8 tag[4];

	assert_true(n->n < NOTE_MAX);
	assert_null(skb->host);
	skb_copy_bits(skb, 14, tag, 4);
	n->t[n->n] = n->w->sim.now;
	n->tag[n->n++] = get_be32(tag);
	skb->host = n->w->hosts[p->host];
	if (!n->keep_last) {
		consume_skb(skb);
		return;
	}
	if (n->keep)
		consume_skb(n->keep);
	n->keep = skb;
}

static __unused_arg void note_ready(struct link_port *p)
{
	struct note *n = p->owner;

	n->ready++;
	n->ready_at = n->w->sim.now;
}

static __unused_arg void note_carrier(struct link_port *p, bool up)
{
	struct note *n = p->owner;

	n->ups += up;
	n->downs += !up;
}

static const struct link_port_ops note_ops = {note_receive, note_ready, note_carrier};

static __unused_arg void net_setup_level(struct net_fixture *f, u64 seed, struct strategy *st,
					 enum trace_level level)
{
	static const char *const names[] = {"a", "b", "c"};

	f->tr = trace_new(level);
	f->w = world_new(seed, st, f->tr);
	skb_world_init(f->w);
	f->note = calloc(3, sizeof(*f->note));
	for (int i = 0; i < 3; i++) {
		f->host[i] = host_new(f->w, names[i], 2);
		f->note[i].w = f->w;
		f->note[i].port = (struct link_port){
		    .ops = &note_ops, .owner = &f->note[i], .host = f->host[i]->id};
	}
}

static __unused_arg void net_setup_seed(struct net_fixture *f, u64 seed, struct strategy *st)
{
	net_setup_level(f, seed, st, TRACE_NONE);
}

static __unused_arg void net_setup(struct net_fixture *f)
{
	net_setup_seed(f, 1, strategy_default());
}

static __unused_arg void net_teardown(struct net_fixture *f)
{
	for (int i = 0; i < 3; i++)
		if (f->note[i].keep)
			consume_skb(f->note[i].keep);
	world_destroy(f->w);
	trace_free(f->tr, true);
	free(f->note);
}

static __unused_arg void net_run(struct net_fixture *f)
{
	sim_run(&f->w->sim, NSEC_NEVER - 1);
}

/* A frame of len bytes (>= 18) from MAC 02:..:src to MAC 02:..:dst; dst 255: broadcast. */
static __unused_arg struct sk_buff *net_frame(struct net_fixture *f, int host, u8 dst, u8 src,
					      u32 len, u32 tag)
{
	static const u8 filler[2048];
	struct sk_buff *skb = alloc_skb(f->host[host]);
	u8 *p = skb_put(skb, 18);

	memset(p, 0, 18);
	p[0] = p[6] = 2;
	p[5] = dst;
	p[11] = src;
	if (dst == 255)
		memset(p, 0xff, 6);
	p[12] = 8;
	put_be32(p + 14, tag);
	for (u32 left = len - 18; left;) {
		u32 n = min(left, (u32)sizeof(filler));

		skb_add_data(skb, filler, n);
		left -= n;
	}
	return skb;
}

/* Hands a frame to the link behind what is there. */
static __unused_arg nsec_t net_send(struct net_fixture *f, int host, u32 len, u32 tag)
{
	return link_transmit(&f->note[host].port, net_frame(f, host, 2, 1, len, tag), 0);
}

static __unused_arg struct link *net_join(struct net_fixture *f, const struct link_params *p)
{
	return link_new(f->w, &f->note[0].port, &f->note[1].port, p, p);
}

#endif
