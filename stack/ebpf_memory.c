/* SPDX-License-Identifier: MIT */
/*
 * The verifier's half about memory: loads, stores, and what helpers are given.
 */
#include <errno.h>
#include <string.h>

#include "stack/ebpf_verifier.h"

static int refuse(struct verifier *v, u32 reg, const char *what)
{
	ebpf_log(v->log, "%u: R%u %s\n", v->cur.pc, reg, what);
	return -EACCES;
}

static u32 size_of(u8 code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

/* ---- the stack ----------------------------------------------------------------------------------- */

/* Index of the first byte, from the lowest address; -1: not the stack. */
static s32 stack_index(const struct ebpf_reg *r, s32 off, u32 size)
{
	s64 at = (s64)r->off + off + EBPF_STACK;

	return at < 0 || at + size > EBPF_STACK ? -1 : (s32)at;
}

static void stack_written(struct ebpf_state *s, s32 at, u32 size)
{
	for (s32 i = at; i < at + (s32)size; i++) {
		s->slot[i / 8].written |= (u8)(1u << i % 8);
		s->slot[i / 8].spill = false;
		s->slot[i / 8].known &= (u8)~(1u << i % 8 / 4);
	}
}

/* Constants are remembered: one may be a key. */
static void constant_written(struct ebpf_state *s, s32 at, u32 size, u64 v)
{
	for (u32 i = 0; i < size / 4; i++) {
		struct ebpf_slot *slot = &s->slot[at / 8];
		u32 half = (u32)at % 8 / 4 + i;

		slot->known |= (u8)(1u << half);
		slot->half[half] = (u32)(v >> 32 * i);
	}
}

static bool stack_readable(const struct ebpf_state *s, s32 at, u32 size)
{
	for (s32 i = at; i < at + (s32)size; i++) {
		if (!(s->slot[i / 8].written >> i % 8 & 1))
			return false;
	}
	return true;
}

static int load_stack(struct verifier *v, const struct bpf_insn *f, struct ebpf_reg *to)
{
	u32 size = size_of(f->code);
	s32 at = stack_index(&v->cur.r[f->src_reg], f->off, size);
	const struct ebpf_slot *slot;

	if (at < 0)
		return refuse(v, f->src_reg, "invalid read from stack");
	if (at % (s32)size)
		return refuse(v, f->src_reg, "misaligned stack access");
	slot = &v->cur.slot[at / 8];
	if (slot->spill && size == 8) {
		*to = slot->reg;
		return 0;
	}
	if (slot->spill && reg_is_pointer(&slot->reg) && !v->leaks)
		return refuse(v, f->src_reg, "corrupted spill memory");
	if (!v->leaks && !stack_readable(&v->cur, at, size))
		return refuse(v, f->src_reg, "invalid read from stack");
	*to = size == 8 ? reg_unknown() : reg_below((1ull << size * 8) - 1);
	return 0;
}

static int store_stack(struct verifier *v, const struct bpf_insn *f, const struct ebpf_reg *from)
{
	u32 size = size_of(f->code);
	s32 at = stack_index(&v->cur.r[f->dst_reg], f->off, size);
	struct ebpf_slot *slot;

	if (at < 0)
		return refuse(v, f->dst_reg, "invalid write to stack");
	if (at % (s32)size)
		return refuse(v, f->dst_reg, "misaligned stack access");
	slot = &v->cur.slot[at / 8];
	if (size != 8 && !v->leaks &&
	    (reg_is_pointer(from) || (slot->spill && reg_is_pointer(&slot->reg))))
		return refuse(v, f->dst_reg, "attempt to corrupt spilled pointer on stack");
	stack_written(&v->cur, at, size);
	if (reg_is_const(from))
		constant_written(&v->cur, at, size, from->umin);
	if (size == 8) {
		slot->spill = true;
		slot->reg = *from;
	}
	return 0;
}

/* ---- elsewhere ----------------------------------------------------------------------------------- */

static bool value_in_range(const struct verifier *v, const struct ebpf_reg *r, s64 off, u32 size)
{
	const struct bpf_map *m = v->prog->maps[r->map];

	if (r->smin < -(1 << 29) || r->umax > 1 << 29)
		return false;
	return off + r->off + r->smin >= 0 &&
	       off + r->off + (s64)r->umax + size <= (s64)m->value_size;
}

static bool packet_in_range(const struct ebpf_reg *r, s64 off, u32 size)
{
	return off + r->off >= 0 && off + r->off + size <= r->range;
}

/* Memory of a map or the packet, of size bytes at off; name what is wrong. */
static int check_memory(struct verifier *v, u32 reg, s64 off, u32 size, bool write)
{
	const struct ebpf_reg *r = &v->cur.r[reg];

	switch (r->type) {
	case REG_VALUE:
		return value_in_range(v, r, off, size) ? 0 : refuse(v, reg, "invalid access to map value");
	case REG_PACKET:
		if (write)
			return refuse(v, reg, "cannot write into packet");
		return packet_in_range(r, off, size) ? 0 : refuse(v, reg, "invalid access to packet");
	case REG_VALUE_OR_NULL:
		return refuse(v, reg, "invalid mem access 'map_value_or_null'");
	case REG_SCALAR:
		return refuse(v, reg, "invalid mem access 'scalar'");
	default:
		return refuse(v, reg, "invalid mem access");
	}
}

static int load_ctx(struct verifier *v, const struct bpf_insn *f, struct ebpf_reg *to)
{
	const struct ebpf_reg *r = &v->cur.r[f->src_reg];
	u32 size = size_of(f->code);

	if (r->off)
		return refuse(v, f->src_reg, "dereference of modified ctx ptr disallowed");
	switch (ebpf_ctx_access(v->prog->type, f->off, size, false)) {
	case EBPF_CTX_SCALAR:
		*to = size == 8 ? reg_unknown() : reg_below((1ull << size * 8) - 1);
		return 0;
	case EBPF_CTX_DATA:
		*to = (struct ebpf_reg){ .type = REG_PACKET };
		return 0;
	case EBPF_CTX_DATA_END:
		*to = (struct ebpf_reg){ .type = REG_PACKET_END };
		return 0;
	default:
		return refuse(v, f->src_reg, "invalid bpf_context access");
	}
}

int verifier_load(struct verifier *v, const struct bpf_insn *f)
{
	u32 size = size_of(f->code);
	struct ebpf_reg to = size == 8 ? reg_unknown() : reg_below((1ull << size * 8) - 1);
	int err = verifier_read_reg(v, f->src_reg);

	if (err)
		return err;
	switch (v->cur.r[f->src_reg].type) {
	case REG_STACK:
		err = load_stack(v, f, &to);
		break;
	case REG_CTX:
		err = load_ctx(v, f, &to);
		break;
	default:
		err = check_memory(v, f->src_reg, f->off, size, false);
	}
	if (err)
		return err;
	if (BPF_MODE(f->code) == BPF_MEMSX)
		to = reg_unknown();
	v->cur.r[f->dst_reg] = to;
	return 0;
}

/* Both are read; what was there comes back into a register. */
static int do_atomic(struct verifier *v, const struct bpf_insn *f)
{
	struct ebpf_state *s = &v->cur;
	u32 size = size_of(f->code);
	struct ebpf_reg old = size == 8 ? reg_unknown() : reg_below(UINT32_MAX);
	struct ebpf_reg *r = &s->r[f->dst_reg];
	int err = 0, at;

	if (f->imm == BPF_CMPXCHG)
		err = verifier_read_reg(v, 0);
	if (!err && reg_is_pointer(&s->r[f->src_reg]))
		err = refuse(v, f->src_reg, "leaks addr into mem");
	if (err)
		return err;
	if (r->type == REG_STACK) {
		at = stack_index(r, f->off, size);
		if (at < 0 || at % (int)size)
			return refuse(v, f->dst_reg, "invalid read from stack");
		if (s->slot[at / 8].spill && reg_is_pointer(&s->slot[at / 8].reg))
			return refuse(v, f->dst_reg, "leaks addr into mem");
		if (!v->leaks && !stack_readable(s, at, size))
			return refuse(v, f->dst_reg, "invalid read from stack");
		stack_written(s, at, size);
	} else if (r->type == REG_VALUE) {
		err = check_memory(v, f->dst_reg, f->off, size, true);
	} else {
		err = refuse(v, f->dst_reg, "BPF_ATOMIC stores into this kind of memory is not allowed");
	}
	if (!err && f->imm & BPF_FETCH)
		s->r[f->imm == BPF_CMPXCHG ? 0 : f->src_reg] = old;
	return err;
}

int verifier_store(struct verifier *v, const struct bpf_insn *f)
{
	bool immediate = (f->code & 7) == BPF_ST;
	struct ebpf_reg from = reg_const((u64)(s64)f->imm), *r = &v->cur.r[f->dst_reg];
	u32 size = size_of(f->code);
	int err = verifier_read_reg(v, f->dst_reg);

	if (!err && !immediate)
		err = verifier_read_reg(v, f->src_reg);
	if (err)
		return err;
	if (!immediate) {
		from = v->cur.r[f->src_reg];
		if (BPF_MODE(f->code) == BPF_ATOMIC)
			return do_atomic(v, f);
	}
	if (r->type == REG_STACK)
		return store_stack(v, f, &from);
	if (r->type == REG_CTX) {
		if (r->off)
			return refuse(v, f->dst_reg, "dereference of modified ctx ptr disallowed");
		if (reg_is_pointer(&from) && !v->leaks)
			return refuse(v, f->src_reg, "leaks addr into ctx");
		return ebpf_ctx_access(v->prog->type, f->off, size, true) == EBPF_CTX_SCALAR ?
			       0 :
			       refuse(v, f->dst_reg, "invalid bpf_context access");
	}
	if (reg_is_pointer(&from) && !v->leaks)
		return refuse(v, f->src_reg, "leaks addr into mem");
	return check_memory(v, f->dst_reg, f->off, size, true);
}

/* ---- calls --------------------------------------------------------------------------------------- */

/* size bytes at the register, to be read, or filled in. */
static int check_buffer(struct verifier *v, u32 reg, u32 size, bool write)
{
	const struct ebpf_reg *r = &v->cur.r[reg];
	s32 at;

	if (r->type != REG_STACK)
		return check_memory(v, reg, 0, size, write);
	at = stack_index(r, 0, size);
	if (at < 0) {
		int err = refuse(v, reg, "invalid access to stack");

		return stack_index(r, 0, 1) < 0 ? err : -EINVAL; /* begins there, ends elsewhere */
	}
	if (!write && !v->leaks && !stack_readable(&v->cur, at, size))
		return refuse(v, reg, "invalid read from stack");
	if (write)
		stack_written(&v->cur, at, size);
	return 0;
}

static int check_map_arg(struct verifier *v, u32 reg, const struct ebpf_helper *h,
			 const struct bpf_map **map)
{
	const struct ebpf_reg *r = &v->cur.r[reg];

	if (r->type != REG_MAP)
		return refuse(v, reg, "type is not map_ptr");
	*map = v->prog->maps[r->map];
	if (((*map)->type == BPF_MAP_TYPE_REUSEPORT_SOCKARRAY) == h->sockarray)
		return 0;
	ebpf_log(v->log, "cannot pass map_type %u into func %u\n", (*map)->type, h->id);
	return -EINVAL;
}

/* The room before it must be as large as it can get; more than 0. */
static int check_size_arg(struct verifier *v, u32 reg)
{
	const struct ebpf_reg *r = &v->cur.r[reg];

	if (r->type != REG_SCALAR)
		return refuse(v, reg, "type is not scalar");
	if (r->smin < 0 || r->umax > 1 << 29)
		return refuse(v, reg, "unbounded memory access");
	if (!r->umin)
		return refuse(v, reg, "invalid zero-sized read");
	return check_buffer(v, reg - 1, (u32)r->umax, true);
}

static int check_arg(struct verifier *v, const struct ebpf_helper *h, u32 reg,
		     const struct bpf_map **map)
{
	const struct ebpf_reg *r = &v->cur.r[reg];

	switch (h->args[reg - 1]) {
	case EBPF_ARG_CTX:
		if (r->type != REG_CTX || r->off)
			return refuse(v, reg, "type is not ctx");
		return 0;
	case EBPF_ARG_MAP:
		return check_map_arg(v, reg, h, map);
	case EBPF_ARG_KEY:
		return check_buffer(v, reg, (*map)->key_size, false);
	case EBPF_ARG_VALUE:
		return check_buffer(v, reg, (*map)->value_size, false);
	case EBPF_ARG_ANY:
		return reg_is_pointer(r) && !v->leaks ? refuse(v, reg, "leaks addr into helper function") : 0;
	case EBPF_ARG_SIZE:
		return check_size_arg(v, reg);
	default: /* EBPF_ARG_ROOM: with its size */
		return 0;
	}
}

/* An element of an array that is always there: its number is a constant. */
static bool value_is_there(const struct verifier *v, const struct bpf_map *map)
{
	const struct ebpf_reg *key = &v->cur.r[2];
	const struct ebpf_slot *slot;
	s32 at;

	if (map->type != BPF_MAP_TYPE_ARRAY || key->type != REG_STACK)
		return false;
	at = stack_index(key, 0, map->key_size);
	slot = &v->cur.slot[at / 8];
	return at >= 0 && at % 4 == 0 && slot->known >> at % 8 / 4 & 1 &&
	       slot->half[at % 8 / 4] < map->max_entries;
}

int verifier_call(struct verifier *v, const struct bpf_insn *f)
{
	const struct ebpf_helper *h =
		f->src_reg ? NULL : ebpf_helper_find((u32)f->imm, v->prog->type);
	const struct bpf_map *map = NULL;
	u8 number = 0;
	int err;

	if (!h) {
		ebpf_log(v->log, "invalid func unknown#%d\n", f->imm);
		return -EINVAL;
	}
	for (u32 reg = 1; reg <= 5 && h->args[reg - 1]; reg++) {
		err = verifier_read_reg(v, reg);
		if (!err)
			err = check_arg(v, h, reg, &map);
		if (err)
			return err;
		if (h->args[reg - 1] == EBPF_ARG_MAP)
			number = v->cur.r[reg].map;
	}
	if (!h->returns_value)
		v->cur.r[0] = reg_unknown();
	else if (value_is_there(v, map))
		v->cur.r[0] = (struct ebpf_reg){ .type = REG_VALUE, .map = number };
	else
		v->cur.r[0] = (struct ebpf_reg){ .type = REG_VALUE_OR_NULL, .map = number,
						 .id = ++v->ids };
	return 0;
}
