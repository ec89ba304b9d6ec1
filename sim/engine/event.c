/* SPDX-License-Identifier: MIT */
/*
 * The event queue: a 4-ary heap of keys whose root may be vacant. The order is documented in event.h.
 *
 * Four children to a node, because a node's children then lie side by side in memory and the heap
 * is half as deep as a binary one (LaMarca and Ladner, "The influence of caches on the performance
 * of heaps", 1996). Entries move down or up as a hole does: one store for each level.
 */
#include "sim/engine/event.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"
#include "sim/engine/sim.h"

#define HEAP_ARITY 4u
#define HEAP_FIRST_CAP 64u
#define CACHE_LINE 64u
/* Key of a vacant root: nothing moves above it. */
#define BEFORE_ALL ((nsec_t)-1)

static inline bool entry_before(const struct event_entry *a, const struct event_entry *b)
{
	if (likely(a->time != b->time))
		return a->time < b->time;
	if (a->hosts != b->hosts)
		return a->hosts < b->hosts;
	return a->seq < b->seq;
}

static inline void heap_put(struct event_queue *q, u32 i, const struct event_entry *e)
{
	q->heap[i] = *e;
	e->ev->heap_pos = i + 1;
}

/* Places e at index i or above, moving later entries down. */
static void sift_up(struct event_queue *q, u32 i, const struct event_entry *e)
{
	while (i > 0) {
		u32 parent = (i - 1) / HEAP_ARITY;

		if (!entry_before(e, &q->heap[parent]))
			break;
		heap_put(q, i, &q->heap[parent]);
		i = parent;
	}
	heap_put(q, i, e);
}

/* Of two entries: which is earlier is as good as random, so the choice is not to be a jump. */
static inline u32 earlier(const struct event_queue *q, u32 a, u32 b)
{
	return __builtin_expect_with_probability(entry_before(&q->heap[b], &q->heap[a]), 1, 0.5) ?
		       b :
		       a;
}

/* The index of the earliest child, first being the first one. */
static inline u32 earliest_child(const struct event_queue *q, u32 first)
{
	u32 best = first;

	if (likely(first + HEAP_ARITY <= q->len))
		return earlier(q, earlier(q, first, first + 1), earlier(q, first + 2, first + 3));
	for (u32 i = first + 1; i < q->len; i++)
		best = earlier(q, best, i);
	return best;
}

/* Places e at index i or below, moving earlier entries up. */
static void sift_down(struct event_queue *q, u32 i, const struct event_entry *e)
{
	for (;;) {
		u32 first = i * HEAP_ARITY + 1;
		u32 best;

		if (first >= q->len)
			break;
		best = earliest_child(q, first);
		if (!entry_before(&q->heap[best], e))
			break;
		heap_put(q, i, &q->heap[best]);
		i = best;
	}
	heap_put(q, i, e);
}

/* Index i gets e, wherever that belongs from there. */
static void heap_replace(struct event_queue *q, u32 i, const struct event_entry *e)
{
	if (i > 0 && entry_before(e, &q->heap[(i - 1) / HEAP_ARITY]))
		sift_up(q, i, e);
	else
		sift_down(q, i, e);
}

static void heap_remove(struct event_queue *q, u32 i)
{
	struct event_entry last;

	q->heap[i].ev->heap_pos = 0;
	last = q->heap[--q->len];
	if (i < q->len)
		heap_replace(q, i, &last);
}

/* Moves to a larger array, placed so that the children of a node share two lines of the cache. */
static void heap_grow(struct event_queue *q)
{
	u32 cap = q->cap ? q->cap * 2 : HEAP_FIRST_CAP;
	size_t entry = sizeof(*q->heap);
	char *mem = xrealloc(NULL, (cap + 1) * entry + CACHE_LINE);
	char *line = mem + (CACHE_LINE - (uintptr_t)mem % CACHE_LINE);
	struct event_entry *heap = (void *)(line + CACHE_LINE - entry);

	if (q->len)
		memcpy(heap, q->heap, q->len * entry);
	free(q->heap_mem);
	q->heap_mem = mem;
	q->heap = heap;
	q->cap = cap;
}

static void heap_push(struct event_queue *q, const struct event_entry *e)
{
	if (unlikely(q->len == q->cap))
		heap_grow(q);
	sift_up(q, q->len++, e);
}

void event_queue_init(struct event_queue *q)
{
	*q = (struct event_queue){0};
}

void event_queue_destroy(struct event_queue *q)
{
	free(q->heap_mem);
	free(q->seq);
	event_queue_init(q);
}

void event_init(struct event *ev, u32 host, event_fn fn)
{
	*ev = (struct event){.host = host, .fn = fn};
}

static u64 next_seq(struct event_queue *q, u32 origin)
{
	if (unlikely(origin >= q->norigin)) {
		u32 n = max(origin + 1, q->norigin * 2);

		q->seq = xrealloc(q->seq, n * sizeof(*q->seq));
		for (u32 i = q->norigin; i < n; i++)
			q->seq[i] = 0;
		q->norigin = n;
	}
	return q->seq[origin]++;
}

/* The vacant root gets what is scheduled first; the heap is in order again then. */
static void queue_insert(struct event_queue *q, const struct event_entry *e)
{
	if (q->vacant) {
		q->vacant = false;
		sift_down(q, 0, e);
	} else {
		heap_push(q, e);
	}
}

/* Nothing took the place of the event that was popped last. */
static void fill_root(struct event_queue *q)
{
	struct event_entry last = q->heap[--q->len];

	q->vacant = false;
	if (q->len)
		sift_down(q, 0, &last);
}

u64 event_take_seq(struct sim *s, u32 origin)
{
	return next_seq(&s->events, origin);
}

void event_at(struct sim *s, struct event *ev, u32 origin, nsec_t t)
{
	event_at_seq(s, ev, origin, next_seq(&s->events, origin), t);
}

void event_at_seq(struct sim *s, struct event *ev, u32 origin, u64 seq, nsec_t t)
{
	struct event_queue *q = &s->events;
	struct event_entry e;

	assert(t >= s->now && t < NSEC_NEVER);
	assert(t > s->now || ev->host == origin || ev->host == 0 || origin == 0);
	ev->time = t;
	ev->origin = origin;
	ev->seq = seq;
	e = (struct event_entry){t, (u64)ev->host << 32 | origin, ev->seq, ev};

	if (ev->heap_pos)
		heap_replace(q, ev->heap_pos - 1, &e);
	else
		queue_insert(q, &e);
}

void event_cancel(struct sim *s, struct event *ev)
{
	if (ev->heap_pos)
		heap_remove(&s->events, ev->heap_pos - 1);
}

nsec_t event_queue_next(struct event_queue *q)
{
	if (q->vacant)
		fill_root(q);
	return q->len ? q->heap[0].time : NSEC_NEVER;
}

struct event *event_queue_pop(struct event_queue *q)
{
	struct event *ev;

	if (event_queue_next(q) == NSEC_NEVER)
		return NULL;
	ev = q->heap[0].ev;
	ev->heap_pos = 0;
	q->heap[0].time = BEFORE_ALL;
	q->vacant = true;
	return ev;
}
