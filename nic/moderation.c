/* SPDX-License-Identifier: MIT */
/*
 * When a queue's interrupt is raised: at once, after a time, or after so many frames (ethtool(8), -C).
 *
 * While the driver has masked the interrupt nothing is raised; what arrives meanwhile is found by the
 * poll. Unmasking raises nothing by itself, as on hardware whose events are edges: a driver that does not
 * look at the ring once more after unmasking loses what came in between (races.md R14).
 *
 * Adaptive moderation climbs as net_dim does: five profiles; a step that did not raise the packet rate
 * is taken back.
 */
#include "nic/nic_priv.h"
#include "sim/engine/trace.h"

#define DIM_SAMPLE_PACKETS 256u /* a decision each so many packets... */
#define DIM_SAMPLE_TIME (10 * NSEC_PER_MSEC) /* ... or, at low rates, after this long */

static const struct {
	u16 usecs;
	u16 frames;
} dim_profile[] = { { 1, 64 }, { 8, 64 }, { 64, 64 }, { 128, 128 }, { 256, 256 } };

static nsec_t rx_delay(const struct nic_queue *q, u32 *frames)
{
	const struct nic_coalesce *c = &q->nic->p.coalesce;

	if (c->adaptive_rx) {
		*frames = dim_profile[q->mod.dim_level].frames;
		return dim_profile[q->mod.dim_level].usecs * NSEC_PER_USEC;
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

/* One decision of adaptive moderation: better than before goes on, worse turns round. */
static void dim_decide(struct nic_irq_state *m, nsec_t now)
{
	nsec_t span = now - m->dim_start;
	u64 ppms = span > 0 ? m->dim_packets * (u64)NSEC_PER_MSEC / (u64)span : 0;
	int next;

	if (!m->dim_step)
		m->dim_step = 1;
	/* As before, or better: the direction stays, since fewer interrupts are a gain of their own. */
	if (ppms * 10 < m->dim_ppms * 9)
		m->dim_step = (s8)-m->dim_step;
	/* Hardly any traffic: latency counts. */
	if (ppms < 10)
		m->dim_step = -1;
	next = clamp(m->dim_level + m->dim_step, 0, (int)ARRAY_SIZE(dim_profile) - 1);
	m->dim_level = (u8)next;
	m->dim_ppms = ppms;
	m->dim_packets = 0;
	m->dim_start = now;
}

static void dim_sample(struct nic_queue *q)
{
	struct nic_irq_state *m = &q->mod;
	nsec_t now = host_now(q->nic->dev->host);

	m->dim_packets += m->frames;
	if (m->dim_packets >= DIM_SAMPLE_PACKETS || now - m->dim_start >= DIM_SAMPLE_TIME)
		dim_decide(m, now);
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
	if (q->nic->p.coalesce.adaptive_rx) {
		q->mod.frames = (u32)q->napi.work;
		dim_sample(q);
		q->mod.frames = 0;
	}
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
