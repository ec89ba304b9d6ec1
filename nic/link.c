/* SPDX-License-Identifier: MIT */
/*
 * A link's two directions: when a frame starts, ends and arrives.
 *
 * Theory of operation. A direction serves frames first in, first out. A frame starts when the one
 * before it has ended, occupies the wire for (length + 24) * 8 / rate (at least 84 bytes: IEEE
 * 802.3's minimum frame), and arrives the delay after its end. All three moments are known when the
 * frame is handed over, so there is nothing to wait for but arrivals: the frames in flight stand in
 * one list by time of arrival, and one event, at the receiver's host with the sender as its origin,
 * delivers all that are due and moves on to the next. Fractions of a nanosecond are carried from
 * frame to frame, so a saturated link carries exactly its rate.
 *
 * Frames that have not started are the queue. Their starts are kept in a small ring that is read
 * lazily: whoever asks for the length of the queue first forgets those whose time has come.
 *
 * Faults are drawn when the frame is handed over, in that order. A lost frame has occupied the
 * wire.
 */
#include "nic/link.h"

#include <errno.h>
#include <stdlib.h>

#include "nic/link_priv.h"
#include "nic/netdev.h"
#include "nic/trace_frame.h"
#include "sim/engine/sim.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "sim/host/host.h"

static inline nsec_t link_now(const struct link_dir *d)
{
	return d->link->world->sim.now;
}

static inline struct link_dir *port_dir(const struct link_port *p)
{
	return &p->link->dir[p->end];
}

static u32 wire_len(u32 len)
{
	return max(len + ETH_WIRE_OVERHEAD, ETH_MIN_WIRE);
}

nsec_t link_serialisation(u64 rate, u32 len)
{
	return rate ? (nsec_t)((u64)wire_len(len) * 8 * NSEC_PER_SEC / rate) : 0;
}

/* ---- the queue's account ---- */

static void slots_expire(struct link_dir *d, nsec_t now)
{
	while (d->slot_len && d->slots[d->slot_head].start <= now) {
		d->slot_bytes -= d->slots[d->slot_head].len;
		d->slot_head = (d->slot_head + 1) & (d->slot_cap - 1);
		d->slot_len--;
	}
}

static void slots_grow(struct link_dir *d)
{
	u32 cap = d->slot_cap ? d->slot_cap * 2 : 16;
	struct link_slot *s = xcalloc(cap, sizeof(*s));

	for (u32 i = 0; i < d->slot_len; i++)
		s[i] = d->slots[(d->slot_head + i) & (d->slot_cap - 1)];
	free(d->slots);
	d->slots = s;
	d->slot_cap = cap;
	d->slot_head = 0;
}

static void slots_add(struct link_dir *d, nsec_t start, u32 len, nsec_t now)
{
	slots_expire(d, now);
	if (d->slot_len == d->slot_cap)
		slots_grow(d);
	d->slots[(d->slot_head + d->slot_len++) & (d->slot_cap - 1)] =
	    (struct link_slot){start, len};
	d->slot_bytes += len;
}

u32 link_backlog(struct link_port *p, u64 *bytes)
{
	struct link_dir *d;

	if (!p->link) {
		*bytes = 0;
		return 0;
	}
	d = port_dir(p);
	slots_expire(d, link_now(d));
	*bytes = d->slot_bytes;
	return d->slot_len;
}

static bool queue_full(struct link_dir *d, u32 len, nsec_t now)
{
	if (!d->p.queue_packets || d->free_at <= now)
		return false;
	slots_expire(d, now);
	return d->slot_len >= d->p.queue_packets ||
	       (d->p.queue_bytes && d->slot_bytes + len > d->p.queue_bytes);
}

/* ---- flight ---- */

static void arm_arrival(struct link_dir *d)
{
	struct sim *s = &d->link->world->sim;
	struct sk_buff *first;

	if (list_empty(&d->flight)) {
		event_cancel(s, &d->arrive_ev);
		return;
	}
	first = list_first_entry(&d->flight, struct sk_buff, node);
	if (!event_pending(&d->arrive_ev) || d->arrive_ev.time != link_frame(first)->arrive)
		event_at_seq(s, &d->arrive_ev, d->from->host, link_frame(first)->seq,
			     link_frame(first)->arrive);
}

/* Behind all that arrive no later: mostly the last place. */
static void flight_insert(struct link_dir *d, struct sk_buff *skb)
{
	struct list_head *at = d->flight.prev;

	while (at != &d->flight &&
	       link_frame(list_entry(at, struct sk_buff, node))->arrive > link_frame(skb)->arrive)
		at = at->prev;
	list_add(&skb->node, at);
	if (at == &d->flight)
		arm_arrival(d);
}

static void deliver(struct link_dir *d, struct sk_buff *skb)
{
	if (unlikely(d->link->partition)) {
		d->st.lost++;
		kfree_skb_reason(skb, SKB_DROP_REASON_LINK_PARTITION, PLACE_LINK);
		return;
	}
	skb->host = NULL;
	skb->dev = NULL;
	d->to->ops->receive(d->to, skb);
}

static void link_arrive(struct sim *s, struct event *ev)
{
	struct link_dir *d = container_of(ev, struct link_dir, arrive_ev);

	while (!list_empty(&d->flight)) {
		struct sk_buff *skb = list_first_entry(&d->flight, struct sk_buff, node);

		if (link_frame(skb)->arrive > s->now)
			break;
		list_del_init(&skb->node);
		deliver(d, skb);
	}
	arm_arrival(d);
}

static void link_now_ready(struct sim *s, struct event *ev)
{
	struct link_dir *d = container_of(ev, struct link_dir, ready_ev);

	d->from->ops->ready(d->from);
}

void link_want_ready(struct link_port *p, nsec_t t)
{
	struct link_dir *d = port_dir(p);
	nsec_t when = max(t, link_now(d));

	if (!d->p.queue_packets)
		when = max(when, d->free_at);
	event_at(&d->link->world->sim, &d->ready_ev, p->host, when);
}

/* ---- sending ---- */

static void trace_frame(struct link_dir *d, struct sk_buff *skb)
{
	struct world *w = d->link->world;
	int ifindex = 0;

	if (skb->dev && skb->host && skb->host->id == d->from->host)
		ifindex = skb->dev->ifindex;
	skb_trace_packet(skb, w->hosts[d->from->host], ifindex);
	trace_hop(w->sim.trace, skb->id, link_now(d), d->from->host, PLACE_LINK, ifindex, -1);
}

/* Sets start and end and moves the direction on. */
static void serialise(struct link_dir *d, struct link_frame *f, u32 len, nsec_t now)
{
	nsec_t earliest = max(now, f->not_before);
	u64 work;

	if (d->free_at < earliest) {
		d->free_at = earliest;
		d->free_frac = 0;
	}
	f->start = d->free_at;
	if (d->p.rate) {
		work = (u64)wire_len(len) * 8 * NSEC_PER_SEC + d->free_frac;
		d->free_at += (nsec_t)(work / d->p.rate);
		d->free_frac = work % d->p.rate;
	}
	f->end = d->free_at;
}

static void drop(struct link_dir *d, struct sk_buff *skb, enum skb_drop_reason reason, u64 *counter)
{
	(*counter)++;
	kfree_skb_reason(skb, reason, PLACE_LINK);
}

static void launch(struct link_dir *d, struct sk_buff *skb)
{
	struct link_frame *f = link_frame(skb);

	f->arrive = f->end + d->p.delay;
	if (unlikely(d->faulty)) {
		f->arrive += link_faults_lateness(d, &f->late);
		link_faults_corrupt(d, skb);
	}
	if (!f->late) {
		if (d->p.faults.keep_order)
			f->arrive = max(f->arrive, d->last_arrive);
		d->last_arrive = f->arrive;
	}
	flight_insert(d, skb);
}

/* The frame is on the wire; what becomes of it there. */
static void travel(struct link_dir *d, struct sk_buff *skb)
{
	enum skb_drop_reason lost = link_faults_loss(d);
	struct sk_buff *dup;

	if (lost) {
		drop(d, skb, lost, &d->st.lost);
		return;
	}
	if (link_faults_duplicate(d)) {
		dup = skb_clone(skb);
		*link_frame(dup) = *link_frame(skb);
		launch(d, skb);
		skb = dup;
	}
	launch(d, skb);
}

nsec_t link_transmit(struct link_port *p, struct sk_buff *skb, nsec_t t)
{
	struct link_dir *d = port_dir(p);
	struct link_frame *f = link_frame(skb);
	nsec_t now = link_now(d), done;

	if (!skb->host)
		skb->host = d->link->world->hosts[p->host];
	trace_frame(d, skb);
	if (unlikely(!d->link->up)) {
		drop(d, skb, SKB_DROP_REASON_LINK_DOWN, &d->st.down_dropped);
		return now;
	}
	if (unlikely(queue_full(d, skb->len, now))) {
		drop(d, skb, SKB_DROP_REASON_LINK_QUEUE_FULL, &d->st.queue_dropped);
		return max(t, now);
	}
	*f = (struct link_frame){.not_before = t,
				 .seq = event_take_seq(&d->link->world->sim, p->host)};
	serialise(d, f, skb->len, now);
	done = d->p.queue_packets ? max(t, now) : f->end;
	if (f->start > now)
		slots_add(d, f->start, skb->len, now);
	if (!skb->wire_time)
		skb->wire_time = f->start;
	d->st.packets++;
	d->st.bytes += skb->len;
	d->nframes++;
	if (unlikely(d->link->partition))
		drop(d, skb, SKB_DROP_REASON_LINK_PARTITION, &d->st.lost);
	else if (unlikely(d->faulty))
		travel(d, skb);
	else
		launch(d, skb);
	return done;
}

void link_send(struct link_port *p, struct sk_buff *skb)
{
	assert(!link_busy(p));
	link_transmit(p, skb, 0);
}

bool link_busy(const struct link_port *p)
{
	struct link_dir *d;

	if (!p->link)
		return true;
	d = port_dir(p);
	return !d->p.queue_packets && d->free_at > link_now(d);
}

nsec_t link_free_at(const struct link_port *p)
{
	return port_dir(p)->free_at;
}

bool link_has_queue(const struct link_port *p)
{
	return p->link && port_dir(p)->p.queue_packets;
}

bool link_is_up(const struct link_port *p)
{
	return p->link && p->link->up;
}

struct link_port *link_peer(const struct link_port *p)
{
	return p->link ? port_dir(p)->to : NULL;
}

/* ---- changes of a running link ---- */

/*
 * Puts frames that have not started back in the order of being handed over; their starts follow
 * anew. What jitter and reordering added to each stays.
 */
static void reschedule(struct link_dir *d, const struct link_params *old)
{
	nsec_t now = link_now(d);
	struct list_head waiting;
	struct sk_buff *skb, *tmp;
	struct link_frame last = {.seq = UINT64_MAX};
	nsec_t free_at = now;

	list_init(&waiting);
	list_for_each_entry_safe (skb, tmp, &d->flight, node) {
		struct list_head *at = waiting.prev;

		if (link_frame(skb)->start <= now) {
			free_at = max(free_at, link_frame(skb)->end);
			continue;
		}
		while (at != &waiting &&
		       link_frame(list_entry(at, struct sk_buff, node))->seq > link_frame(skb)->seq)
			at = at->prev;
		list_del_init(&skb->node);
		list_add(&skb->node, at);
	}
	if (list_empty(&waiting))
		return; /* a frame that was lost on its way may still hold the wire: free_at stays
			 */
	d->free_at = free_at;
	d->free_frac = 0;
	d->slot_len = 0;
	d->slot_bytes = 0;
	list_for_each_entry_safe (skb, tmp, &waiting, node) {
		struct link_frame *f = link_frame(skb);
		nsec_t late = f->arrive - f->end - old->delay;

		list_del_init(&skb->node);
		if (f->seq == last.seq) { /* a duplicate: it is made on the way */
			f->start = last.start;
			f->end = last.end;
		} else {
			serialise(d, f, skb->len, now);
			if (f->start > now)
				slots_add(d, f->start, skb->len, now);
		}
		last = *f;
		f->arrive = f->end + d->p.delay + late;
		flight_insert(d, skb);
	}
}

static void dir_set_params(struct link_dir *d, const struct link_params *p)
{
	struct link_params old = d->p;

	assert(p->delay >= 1);
	d->p = *p;
	d->faulty = link_faults_any(&p->faults) || d->ge_bad;
	if (p->rate != old.rate)
		d->free_frac = 0;
	if (p->rate != old.rate || p->delay != old.delay)
		reschedule(d, &old);
	arm_arrival(d);
	if (event_pending(&d->ready_ev))
		link_want_ready(d->from, 0);
}

void link_set_params(struct link *l, int from_end, const struct link_params *p)
{
	for (int end = 0; end < 2; end++)
		if (from_end < 0 || from_end == end)
			dir_set_params(&l->dir[end], p);
}

const struct link_params *link_get_params(const struct link *l, int from_end)
{
	return &l->dir[from_end].p;
}

static void dir_lose_all(struct link_dir *d)
{
	while (!list_empty(&d->flight)) {
		struct sk_buff *skb = list_first_entry(&d->flight, struct sk_buff, node);

		list_del_init(&skb->node);
		drop(d, skb, SKB_DROP_REASON_LINK_DOWN, &d->st.down_dropped);
	}
	d->free_at = link_now(d);
	d->free_frac = 0;
	d->last_arrive = 0;
	d->slot_len = 0;
	d->slot_bytes = 0;
	arm_arrival(d);
	if (event_pending(&d->ready_ev))
		link_want_ready(d->from, 0);
}

void link_set_up(struct link *l, bool up)
{
	if (l->up == up)
		return;
	l->up = up;
	for (int end = 0; end < 2; end++)
		if (!up)
			dir_lose_all(&l->dir[end]);
	for (int end = 0; end < 2; end++) {
		struct link_port *p = l->dir[end].from;

		if (p->ops->carrier)
			p->ops->carrier(p, up);
	}
}

void link_set_partition(struct link *l, bool on)
{
	l->partition = on;
}

const struct link_dir_stats *link_stats(const struct link *l, int from_end)
{
	return &l->dir[from_end].st;
}

/* ---- making and unmaking ---- */

int link_params_check(const struct link_params *p)
{
	return p->delay >= 1 && link_faults_valid(&p->faults) ? 0 : -EINVAL;
}

static void link_destroy(struct world_object *o)
{
	struct link *l = container_of(o, struct link, object);

	for (int end = 0; end < 2; end++) {
		struct link_dir *d = &l->dir[end];

		event_cancel(&l->world->sim, &d->arrive_ev);
		event_cancel(&l->world->sim, &d->ready_ev);
		while (!list_empty(&d->flight)) {
			struct sk_buff *skb = list_first_entry(&d->flight, struct sk_buff, node);

			list_del_init(&skb->node);
			consume_skb(skb);
		}
		free(d->slots);
		d->from->link = NULL;
	}
	free(l);
}

static void dir_init(struct link *l, int end, struct link_port *from, struct link_port *to,
		     const struct link_params *p)
{
	struct link_dir *d = &l->dir[end];

	assert(!from->link && link_params_check(p) == 0);
	*d = (struct link_dir){.link = l, .from = from, .to = to, .p = *p};
	d->faulty = link_faults_any(&p->faults);
	list_init(&d->flight);
	event_init(&d->arrive_ev, to->host, link_arrive);
	event_init(&d->ready_ev, from->host, link_now_ready);
	link_faults_init(d);
	from->end = end;
}

struct link *link_new(struct world *w, struct link_port *a, struct link_port *b,
		      const struct link_params *ab, const struct link_params *ba)
{
	struct link *l = xcalloc(1, sizeof(*l));

	l->world = w;
	l->id = w->nlinks++;
	l->up = true;
	l->object.destroy = link_destroy;
	dir_init(l, 0, a, b, ab);
	dir_init(l, 1, b, a, ba);
	a->link = b->link = l;
	if (w->last_link)
		w->last_link->next = l;
	else
		w->links = l;
	w->last_link = l;
	world_own(w, &l->object);
	for (int end = 0; end < 2; end++)
		if (l->dir[end].from->ops->carrier)
			l->dir[end].from->ops->carrier(l->dir[end].from, true);
	return l;
}
