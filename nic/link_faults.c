/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong on a link: loss, bursts of loss, duplicates, flipped bits, reordering, jitter.
 *
 * Semantics follow tc-netem(8) where it has the same fault. Every purpose has a stream of its own,
 * keyed by the number of the link and the direction, so that switching one fault on does not move
 * the others. Exploration asks choose() instead of a stream: what is explored is a decision, not
 * noise.
 *
 * Bursty loss is the four-parameter Gilbert-Elliott model: a frame is lost with the probability of
 * the state that the channel is in, then the channel moves: good to bad with p, bad to good with r.
 * In the long run the fraction p / (p + r) of frames meets the bad state.
 */
#include "nic/link_priv.h"

#include "sim/engine/sim.h"

/* CHOICE_DELAY has this many answers: 0 to 3 quanta. */
#define EXPLORE_DELAYS 4u

void link_faults_init(struct link_dir *d)
{
	static const enum rng_purpose purpose[LS_NR] = {
	    [LS_LOSS] = RNG_LINK_LOSS,		 [LS_GE] = RNG_LINK_GE,
	    [LS_DUPLICATE] = RNG_LINK_DUPLICATE, [LS_CORRUPT] = RNG_LINK_CORRUPT,
	    [LS_REORDER] = RNG_LINK_REORDER,	 [LS_JITTER] = RNG_LINK_JITTER,
	};
	struct link *l = d->link;
	u64 index = (u64)l->id * 2 + (u64)(d - l->dir);

	for (int i = 0; i < LS_NR; i++)
		rng_init(&d->rng[i], l->world->sim.seed, 0, purpose[i], index);
}

static bool ge_lost(struct link_dir *d)
{
	const struct link_faults *f = &d->p.faults;
	bool lost = rng_chance(&d->rng[LS_LOSS], d->ge_bad ? f->ge_loss_bad : f->ge_loss_good);

	if (rng_chance(&d->rng[LS_GE], d->ge_bad ? f->ge_r : f->ge_p))
		d->ge_bad = !d->ge_bad;
	return lost;
}

enum skb_drop_reason link_faults_loss(struct link_dir *d)
{
	const struct link_faults *f = &d->p.faults;
	bool lost = false;

	for (size_t i = 0; i < ARRAY_SIZE(f->drop_nth) && f->drop_nth[i]; i++)
		lost |= f->drop_nth[i] == d->nframes;
	if (f->ge_p.num || d->ge_bad)
		lost |= ge_lost(d);
	lost |= rng_chance(&d->rng[LS_LOSS], f->loss);
	if (lost)
		return SKB_DROP_REASON_LINK_LOSS;
	if (d->nframes <= f->explore_drop &&
	    choose(&d->link->world->sim, d->from->host, CHOICE_DROP, 2))
		return SKB_DROP_REASON_LINK_CHOICE;
	return SKB_NOT_DROPPED_YET;
}

/* Uniform in [0, n]. */
static nsec_t rng_upto(struct rng *r, nsec_t n)
{
	if (n < UINT32_MAX)
		return rng_below(r, (u32)n + 1);
	/* The bias of a remainder of 64 random bits is below 2^-20 for anything under 4 hours. */
	return (nsec_t)(rng_u64(r) % ((u64)n + 1));
}

nsec_t link_faults_lateness(struct link_dir *d, bool *late)
{
	const struct link_faults *f = &d->p.faults;
	nsec_t t = 0;

	*late = false;
	if (f->jitter)
		t += rng_upto(&d->rng[LS_JITTER], f->jitter);
	if (rng_chance(&d->rng[LS_REORDER], f->reorder)) {
		*late = true;
		t += f->reorder_delay;
		d->st.reordered++;
	}
	if (d->nframes <= f->explore_delay) {
		u32 k = choose(&d->link->world->sim, d->from->host, CHOICE_DELAY, EXPLORE_DELAYS);

		*late |= k > 0;
		t += k * f->explore_quantum;
	}
	return t;
}

bool link_faults_duplicate(struct link_dir *d)
{
	if (!rng_chance(&d->rng[LS_DUPLICATE], d->p.faults.duplicate))
		return false;
	d->st.duplicated++;
	return true;
}

/*
 * The Ethernet header stays whole, so that the frame still reaches the receiver; a frame without
 * payload behind it has nothing to flip. Checksums must be there before a bit can spoil them.
 */
void link_faults_corrupt(struct link_dir *d, struct sk_buff *skb)
{
	struct rng *r = &d->rng[LS_CORRUPT];
	u32 first = 14, nflips, payload_len;
	u8 *payload;

	if (!rng_chance(r, d->p.faults.corrupt) || skb->len <= first)
		return;
	nflips = 1 + rng_below(r, 3);
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_checksum_help(skb);
	payload = skb_linearize_copy(skb, &payload_len);
	for (u32 i = 0; i < nflips; i++) {
		u32 bit = rng_below(r, (skb->len - first) * 8);
		u32 at = first + bit / 8, linear = skb_headlen(skb);
		u8 *byte = at < linear ? skb_data(skb) + at : payload + (at - linear);

		*byte ^= (u8)(1u << (bit % 8));
	}
	skb->ip_summed = CHECKSUM_NONE;
	skb->corrupted = true;
	skb->bad_fcs = d->p.faults.bad_fcs;
	d->st.corrupted++;
}

static bool ratio_valid(struct ratio r)
{
	return r.num == 0 || r.num <= r.den;
}

bool link_faults_valid(const struct link_faults *f)
{
	return ratio_valid(f->loss) && ratio_valid(f->ge_p) && ratio_valid(f->ge_r) &&
	       ratio_valid(f->ge_loss_bad) && ratio_valid(f->ge_loss_good) &&
	       ratio_valid(f->duplicate) && ratio_valid(f->corrupt) && ratio_valid(f->reorder) &&
	       f->reorder_delay >= 0 && f->jitter >= 0 && f->explore_quantum >= 0;
}

bool link_faults_any(const struct link_faults *f)
{
	return f->loss.num || f->ge_p.num || f->duplicate.num || f->corrupt.num || f->reorder.num ||
	       f->jitter || f->drop_nth[0] || f->explore_drop || f->explore_delay;
}
