/* SPDX-License-Identifier: MIT */
/*
 * What the verifier knows at one point of one path: of each register what kind of value it holds and
 * between which bounds, of each word of the stack the same when a register was stored there whole.
 */
#ifndef STACK_EBPF_STATE_H
#define STACK_EBPF_STATE_H

#include "stack/ebpf.h"

enum reg_type {
	REG_NONE = 0, /* not initialised */
	REG_SCALAR,
	REG_CTX,
	REG_STACK,
	REG_MAP,
	REG_VALUE,
	REG_VALUE_OR_NULL,
	REG_PACKET,
	REG_PACKET_END,
};

/* Bounds are those of the number, or of what was added to the pointer beside off. */
struct ebpf_reg {
	u8 type;
	u8 map;	   /* REG_MAP, REG_VALUE: which */
	u32 id;	   /* equal ones are copies of each other; 0: none */
	s32 off;   /* constant part of a pointer */
	u32 range; /* REG_PACKET: bytes from offset 0 on that are known to be there */
	u64 umin, umax;
	s64 smin, smax;
};

#define SLOTS (EBPF_STACK / 8)

struct ebpf_slot {
	u8 written; /* a bit for each byte */
	bool spill; /* reg is what was stored, all 8 bytes */
	u8 known;   /* halves that hold a constant, a bit for each */
	u32 half[2];
	struct ebpf_reg reg;
};

struct ebpf_state {
	struct ebpf_state *parent;
	struct ebpf_state *all;	 /* chain of all that must be freed */
	struct ebpf_state *same; /* others seen at the same instruction */
	u32 branches;		 /* paths from here that have not ended */
	u32 misses, hits;	 /* when others were compared with it */
	u32 pc;
	u32 last_jumps, last_insns; /* counts when a state was last kept on this path */
	struct ebpf_reg r[11];
	struct ebpf_slot slot[SLOTS]; /* [0] is the lowest address */
};

struct ebpf_reg reg_unknown(void);
struct ebpf_reg reg_const(u64 v);
/* Up to so much, from 0. */
struct ebpf_reg reg_below(u64 umax);
static inline bool reg_is_const(const struct ebpf_reg *r)
{
	return r->type == REG_SCALAR && r->umin == r->umax;
}
static inline bool reg_is_pointer(const struct ebpf_reg *r)
{
	return r->type > REG_SCALAR;
}
/* The result of an operation on two numbers. */
struct ebpf_reg reg_alu(u8 op, bool wide, s16 off, struct ebpf_reg a, struct ebpf_reg b);
/*
 * What is known of a and b when a OP b holds, of 64 bits or of the lower 32: false, it cannot.
 * op: BPF_JEQ...; JUMP_NOT_SET is the opposite of BPF_JSET.
 */
#define JUMP_NOT_SET 0xf0
bool reg_refine(u8 op, bool wide, struct ebpf_reg *a, struct ebpf_reg *b);
u8 jump_opposite(u8 op);
/*
 * Is all that new allows allowed by old? live: registers that are still read. exact: are they equal?
 */
bool state_within(const struct ebpf_state *old, const struct ebpf_state *new, u16 live, bool exact);

#endif
