/* SPDX-License-Identifier: MIT */
/*
 * Ranges of numbers in the verifier: what arithmetic and comparisons make of them (ebpf_state.h).
 */
#include "stack/ebpf_state.h"

#include <string.h>

struct ebpf_reg reg_unknown(void)
{
	return (struct ebpf_reg){ .type = REG_SCALAR, .umax = UINT64_MAX, .smin = INT64_MIN,
				  .smax = INT64_MAX };
}

struct ebpf_reg reg_const(u64 v)
{
	return (struct ebpf_reg){ .type = REG_SCALAR, .umin = v, .umax = v, .smin = (s64)v,
				  .smax = (s64)v };
}

struct ebpf_reg reg_below(u64 umax)
{
	struct ebpf_reg r = reg_unknown();

	r.umax = umax;
	if (umax <= INT64_MAX) {
		r.smin = 0;
		r.smax = (s64)umax;
	}
	return r;
}

/* Each pair of bounds says something about the other. False: nothing is between them. */
static bool reg_sync(struct ebpf_reg *r)
{
	for (int i = 0; i < 2; i++) {
		if (r->umax <= INT64_MAX || r->umin > INT64_MAX) {
			r->smin = max(r->smin, (s64)r->umin);
			r->smax = min(r->smax, (s64)r->umax);
		}
		if (r->smin >= 0 || r->smax < 0) {
			r->umin = max(r->umin, (u64)r->smin);
			r->umax = min(r->umax, (u64)r->smax);
		}
	}
	return r->umin <= r->umax && r->smin <= r->smax;
}

/* ---- arithmetic ---------------------------------------------------------------------------------- */

static struct ebpf_reg range_add(struct ebpf_reg a, struct ebpf_reg b)
{
	struct ebpf_reg r = reg_unknown();

	if (__builtin_add_overflow(a.umin, b.umin, &r.umin) ||
	    __builtin_add_overflow(a.umax, b.umax, &r.umax)) {
		r.umin = 0;
		r.umax = UINT64_MAX;
	}
	if (__builtin_add_overflow(a.smin, b.smin, &r.smin) ||
	    __builtin_add_overflow(a.smax, b.smax, &r.smax)) {
		r.smin = INT64_MIN;
		r.smax = INT64_MAX;
	}
	return r;
}

static struct ebpf_reg range_sub(struct ebpf_reg a, struct ebpf_reg b)
{
	struct ebpf_reg r = reg_unknown();

	if (a.umin >= b.umax) {
		r.umin = a.umin - b.umax;
		r.umax = a.umax - b.umin;
	}
	if (__builtin_sub_overflow(a.smin, b.smax, &r.smin) ||
	    __builtin_sub_overflow(a.smax, b.smin, &r.smax)) {
		r.smin = INT64_MIN;
		r.smax = INT64_MAX;
	}
	return r;
}

/* All ones from the highest bit of v down. */
static u64 fill_ones(u64 v)
{
	return v ? UINT64_MAX >> __builtin_clzll(v) : 0;
}

static struct ebpf_reg range_shift(u8 op, struct ebpf_reg a, u64 by)
{
	if (op == BPF_LSH)
		return a.umax <= UINT64_MAX >> by ? reg_below(a.umax << by) : reg_unknown();
	if (op == BPF_RSH || a.smin >= 0)
		return reg_below(a.umax >> by);
	a.smin >>= by;
	a.smax >>= by;
	a.umin = 0;
	a.umax = UINT64_MAX;
	return a;
}

static struct ebpf_reg range_op(u8 op, bool wide, s16 off, struct ebpf_reg a, struct ebpf_reg b)
{
	u64 k = b.umin;

	switch (op) {
	case BPF_ADD:
		return range_add(a, b);
	case BPF_SUB:
		return range_sub(a, b);
	case BPF_MUL:
		return a.umax <= UINT32_MAX && b.umax <= UINT32_MAX ? reg_below(a.umax * b.umax) :
								      reg_unknown();
	case BPF_AND:
		return reg_below(min(a.umax, b.umax));
	case BPF_OR:
	case BPF_XOR:
		return reg_below(fill_ones(a.umax | b.umax));
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		return reg_is_const(&b) ? range_shift(op, a, k & (wide ? 63 : 31)) : reg_unknown();
	case BPF_DIV:
		return !off && reg_is_const(&b) && k ? reg_below(a.umax / k) : reg_unknown();
	case BPF_MOD:
		return !off && reg_is_const(&b) && k ? reg_below(min(a.umax, k - 1)) : reg_unknown();
	default:
		return reg_unknown();
	}
}

struct ebpf_reg reg_alu(u8 op, bool wide, s16 off, struct ebpf_reg a, struct ebpf_reg b)
{
	struct ebpf_reg r;

	a.id = b.id = 0;
	if (op == BPF_MOV && !off && (wide || b.umax <= UINT32_MAX))
		return b;
	if (reg_is_const(&b) && (op == BPF_MOV || reg_is_const(&a)))
		return reg_const(ebpf_alu(op, wide, off, a.umin, b.umin));
	if (!wide) {
		if (a.umax > UINT32_MAX)
			a = reg_below(UINT32_MAX);
		if (b.umax > UINT32_MAX)
			b = reg_below(UINT32_MAX);
	}
	/* Of 32 bits, only what has no sign and does not wrap is known. */
	if (!wide && (op == BPF_ARSH || (op == BPF_SUB && a.umin < b.umax)))
		return reg_below(UINT32_MAX);
	r = range_op(op, wide, off, a, b);
	r.type = REG_SCALAR;
	if (!reg_sync(&r))
		r = reg_unknown();
	return !wide && r.umax > UINT32_MAX ? reg_below(UINT32_MAX) : r;
}

/* ---- comparisons --------------------------------------------------------------------------------- */

u8 jump_opposite(u8 op)
{
	switch (op) {
	case BPF_JEQ:
		return BPF_JNE;
	case BPF_JNE:
		return BPF_JEQ;
	case BPF_JGT:
		return BPF_JLE;
	case BPF_JLE:
		return BPF_JGT;
	case BPF_JGE:
		return BPF_JLT;
	case BPF_JLT:
		return BPF_JGE;
	case BPF_JSGT:
		return BPF_JSLE;
	case BPF_JSLE:
		return BPF_JSGT;
	case BPF_JSGE:
		return BPF_JSLT;
	case BPF_JSLT:
		return BPF_JSGE;
	case BPF_JSET:
		return JUMP_NOT_SET;
	default:
		return BPF_JSET;
	}
}

static bool refine_less(struct ebpf_reg *a, struct ebpf_reg *b, bool equal)
{
	if (!equal && (!b->umax || a->umin == UINT64_MAX))
		return false;
	a->umax = min(a->umax, b->umax - !equal);
	b->umin = max(b->umin, a->umin + !equal);
	return true;
}

static bool refine_less_signed(struct ebpf_reg *a, struct ebpf_reg *b, bool equal)
{
	if (!equal && (b->smax == INT64_MIN || a->smin == INT64_MAX))
		return false;
	a->smax = min(a->smax, b->smax - !equal);
	b->smin = max(b->smin, a->smin + !equal);
	return true;
}

static bool refine_equal(struct ebpf_reg *a, struct ebpf_reg *b)
{
	a->umin = b->umin = max(a->umin, b->umin);
	a->umax = b->umax = min(a->umax, b->umax);
	a->smin = b->smin = max(a->smin, b->smin);
	a->smax = b->smax = min(a->smax, b->smax);
	return true;
}

static bool refine_differ(struct ebpf_reg *a, const struct ebpf_reg *b)
{
	if (!reg_is_const(b))
		return true;
	if (reg_is_const(a))
		return a->umin != b->umin;
	if (a->umin == b->umin)
		a->umin++;
	if (a->umax == b->umin)
		a->umax--;
	if (a->smin == b->smin)
		a->smin++;
	if (a->smax == b->smin)
		a->smax--;
	return true;
}

static bool refine_op(u8 op, struct ebpf_reg *a, struct ebpf_reg *b)
{
	switch (op) {
	case BPF_JEQ:
		return refine_equal(a, b);
	case BPF_JNE:
		return refine_differ(a, b) && refine_differ(b, a);
	case BPF_JLT:
	case BPF_JLE:
		return refine_less(a, b, op == BPF_JLE);
	case BPF_JGT:
	case BPF_JGE:
		return refine_less(b, a, op == BPF_JGE);
	case BPF_JSLT:
	case BPF_JSLE:
		return refine_less_signed(a, b, op == BPF_JSLE);
	case BPF_JSGT:
	case BPF_JSGE:
		return refine_less_signed(b, a, op == BPF_JSGE);
	default:
		if (!reg_is_const(a) || !reg_is_const(b))
			return true;
		return !!(a->umin & b->umin) == (op == BPF_JSET);
	}
}

bool reg_refine(u8 op, bool wide, struct ebpf_reg *a, struct ebpf_reg *b)
{
	if (!wide) {
		/* The lower half as a number: as it is where no comparison can tell the difference. */
		bool is_signed = op >= BPF_JSGT && op != JUMP_NOT_SET && op != BPF_JLT && op != BPF_JLE;
		u64 limit = is_signed ? INT32_MAX : UINT32_MAX;
		struct ebpf_reg k;

		if (reg_is_const(b) && !is_signed && b->umax > UINT32_MAX) {
			k = reg_const((u32)b->umin);
			b = &k;
		}
		if (a->umax > limit || b->umax > limit)
			return true;
		return refine_op(op, a, b) && reg_sync(a) && reg_sync(b);
	}
	return refine_op(op, a, b) && reg_sync(a) && reg_sync(b);
}

/* ---- states -------------------------------------------------------------------------------------- */

static bool reg_within(const struct ebpf_reg *old, const struct ebpf_reg *new, bool exact)
{
	if (old->type == REG_NONE && !exact)
		return true;
	if (old->type != new->type)
		return false;
	if (exact ? old->umin != new->umin || old->umax != new->umax || old->smin != new->smin ||
			    old->smax != new->smax :
		    old->umin > new->umin || old->umax < new->umax || old->smin > new->smin ||
			    old->smax < new->smax)
		return false;
	/* Copies are told apart: what is found out of one later would be of others. */
	if (old->type == REG_SCALAR)
		return !old->id || old->id == new->id;
	return old->map == new->map && old->off == new->off && old->range <= new->range &&
	       (old->type != REG_VALUE_OR_NULL || old->id == new->id);
}

static bool slot_within(const struct ebpf_slot *old, const struct ebpf_slot *new, bool exact)
{
	if ((old->written & ~new->written) || (exact && old->written != new->written))
		return false;
	for (int i = 0; i < 2; i++) {
		bool a = old->known >> i & 1, b = new->known >> i & 1;

		if ((a && !b) || (exact && a != b) || (a && old->half[i] != new->half[i]))
			return false;
	}
	if (!old->spill)
		return !exact || !new->spill;
	return new->spill && reg_within(&old->reg, &new->reg, exact);
}

bool state_within(const struct ebpf_state *old, const struct ebpf_state *new, u16 live, bool exact)
{
	for (int i = 0; i < 11; i++) {
		if (live >> i & 1 && !reg_within(&old->r[i], &new->r[i], exact))
			return false;
	}
	for (int i = 0; i < SLOTS; i++) {
		if (!slot_within(&old->slot[i], &new->slot[i], exact))
			return false;
	}
	return true;
}
