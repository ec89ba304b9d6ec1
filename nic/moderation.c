/* SPDX-License-Identifier: MIT */
/*
 * When a queue's interrupt is raised: at once, after a time, or after so many frames (ethtool(8), -C).
 *
 * While the driver has masked the interrupt nothing is raised; what arrives meanwhile is found by the
 * poll. Unmasking raises nothing by itself, as on hardware whose events are edges: a driver that does not
 * look at the ring once more after unmasking loses what came in between (races.md R14).
 *
 * A delay of 0 means at once, as most drivers have it, whatever the number of frames. Adaptive moderation
 * (dim.c) chooses delay and frames itself.
 */
#include <stdlib.h>

#include "nic/nic_priv.h"
#include "sim/engine/trace.h"

static nsec_t rx_delay(const struct nic_queue *q, u32 *frames)
{
	const struct nic_coalesce *c = &q->nic->p.coalesce;

	if (c->adaptive_rx && q->mod.dim) {
		const struct dim_profile *p = &dim_rx_profiles[q->mod.dim->profile];

		*frames = p->frames;
		return p->usecs * NSEC_PER_USEC;
	}
	*frames = c->rx_frames;
	return c->rx_usecs;
}

static void raise_now(struct nic_queue *q)
{
	struct nic_irq_state *m = &q->mod;

	m->frames = m->tx_frames = 0;
	event_cancel(q->nic->dev->host->sim, &m->ev);
	m->fired = true;
	m->raised++;
	irq_raise(&m->irq);
}

static void moderation_expire(struct sim *s, struct event *ev)
{
	struct nic_queue *q = container_of(ev, struct nic_queue, mod.ev);

	if (!q->mod.masked && !q->mod.fired)
		raise_now(q);
}

void nic_irq_event(struct nic_queue *q, u32 n, bool tx)
{
	struct host *h = q->nic->dev->host;
	struct nic_irq_state *m = &q->mod;
	u32 limit, count;
	nsec_t delay, when;

	if (m->masked || m->fired)
		return;
	if (tx) {
		delay = q->nic->p.coalesce.tx_usecs;
		limit = q->nic->p.coalesce.tx_frames;
		count = m->tx_frames += n;
	} else {
		delay = rx_delay(q, &limit);
		count = m->frames += n;
	}
	if (!delay || (limit && count >= limit)) {
		raise_now(q);
		return;
	}
	when = host_now(h) + delay;
	if (!event_pending(&m->ev) || m->ev.time > when)
		event_at(h->sim, &m->ev, h->id, when);
}

static void adapt(struct nic_queue *q)
{
	struct nic_irq_state *m = &q->mod;

	if (!m->dim) {
		m->dim = xcalloc(1, sizeof(*m->dim));
		dim_init(m->dim);
	}
	dim_update(m->dim, &(struct dim_sample){ .t = host_now(q->nic->dev->host),
						 .packets = q->rx.packets,
						 .bytes = q->rx.bytes,
						 .events = m->raised });
}

static void nic_interrupt(struct irq *irq)
{
	struct nic_queue *q = container_of(irq, struct nic_queue, mod.irq);
	struct host *h = irq->host;

	q->mod.fired = false;
	q->mod.masked = true;
	trace_irq(h->sim->trace, host_now(h), h->id, irq->number, irq->cpu, "mask");
	napi_schedule(&q->napi);
}

void nic_irq_unmask(struct nic_queue *q)
{
	struct irq *irq = &q->mod.irq;
	struct host *h = irq->host;

	q->mod.masked = false;
	trace_irq(h->sim->trace, host_now(h), h->id, irq->number, irq->cpu, "unmask");
	if (q->nic->p.coalesce.adaptive_rx)
		adapt(q);
}

void nic_irq_init(struct nic_queue *q, int cpu)
{
	struct host *h = q->nic->dev->host;

	irq_init(&q->mod.irq, h, q->nic->dev->name, nic_interrupt);
	q->mod.irq.cpu = cpu;
	event_init(&q->mod.ev, h->id, moderation_expire);
}

void nic_irq_stop(struct nic_queue *q)
{
	event_cancel(q->nic->dev->host->sim, &q->mod.ev);
	irq_cancel(&q->mod.irq);
	q->mod.masked = q->mod.fired = false;
	q->mod.frames = q->mod.tx_frames = 0;
}

void nic_irq_destroy(struct nic_queue *q)
{
	nic_irq_stop(q);
	free(q->mod.dim);
}
