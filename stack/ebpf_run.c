/* SPDX-License-Identifier: MIT */
/*
 * Runs extended BPF programs. Every access to memory is checked here too, though the verifier has let
 * the program through: should it be wrong, the program ends with 0 and the run goes on.
 */
#include <string.h>

#include "stack/ebpf.h"

#define OP(code) ((code) & 0xf0)
#define CLASS(code) ((code) & 0x07)
#define IS_X(code) ((code) & BPF_X)

/* ---- arithmetic ---------------------------------------------------------------------------------- */

static u64 divide(bool wide, bool is_signed, bool mod, u64 a, u64 b)
{
	if (!b)
		return mod ? a : 0;
	if (!is_signed)
		return mod ? a % b : a / b;
	if (wide) {
		if ((s64)b == -1)
			return mod ? 0 : -a;
		return (u64)(mod ? (s64)a % (s64)b : (s64)a / (s64)b);
	}
	if ((s32)b == -1)
		return mod ? 0 : -(u32)a;
	return (u32)(mod ? (s32)a % (s32)b : (s32)a / (s32)b);
}

static u64 move(bool wide, s16 off, u64 v)
{
	switch (off) {
	case 8:
		v = (u64)(s64)(s8)v;
		break;
	case 16:
		v = (u64)(s64)(s16)v;
		break;
	case 32:
		v = (u64)(s64)(s32)v;
		break;
	default:
		break;
	}
	return wide ? v : (u32)v;
}

u64 ebpf_alu(u8 op, bool wide, s16 off, u64 a, u64 b)
{
	u32 shift = (u32)b & (wide ? 63 : 31);
	u64 v;

	if (!wide) {
		a = (u32)a;
		b = op == BPF_MOV ? b : (u32)b;
	}
	switch (op) {
	case BPF_ADD:
		v = a + b;
		break;
	case BPF_SUB:
		v = a - b;
		break;
	case BPF_MUL:
		v = a * b;
		break;
	case BPF_DIV:
	case BPF_MOD:
		v = divide(wide, off == 1, op == BPF_MOD, a, b);
		break;
	case BPF_OR:
		v = a | b;
		break;
	case BPF_AND:
		v = a & b;
		break;
	case BPF_XOR:
		v = a ^ b;
		break;
	case BPF_LSH:
		v = a << shift;
		break;
	case BPF_RSH:
		v = a >> shift;
		break;
	case BPF_ARSH:
		v = wide ? (u64)((s64)a >> shift) : (u32)((s32)a >> shift);
		break;
	case BPF_NEG:
		v = -a;
		break;
	default:
		return move(wide, off, b);
	}
	return wide ? v : (u32)v;
}

/* BPF_END: to little endian (the machine's own) cuts, to big endian swaps, and so does ALU64's. */
static u64 swap_bytes(u8 code, s32 bits, u64 v)
{
	bool swap = CLASS(code) == BPF_ALU64 || IS_X(code);

	if (bits == 16)
		return swap ? __builtin_bswap16((u16)v) : (u16)v;
	if (bits == 32)
		return swap ? __builtin_bswap32((u32)v) : (u32)v;
	return swap ? __builtin_bswap64(v) : v;
}

/* ---- memory -------------------------------------------------------------------------------------- */

static u8 *memory_at(struct ebpf_run *run, u64 addr, u32 len)
{
	u32 region = (u32)(addr >> 32), off = (u32)addr, n = run->prog->nmaps;

	if (region == EBPF_REGION_STACK)
		return (u64)off + len <= EBPF_STACK ? run->stack + off : NULL;
	if (region >= EBPF_REGION_VALUES && region < EBPF_REGION_VALUES + n) {
		struct bpf_map *m = run->prog->maps[region - EBPF_REGION_VALUES];
		u64 size = (u64)m->max_entries * m->stride;

		return m->values && off + (u64)len <= size ? m->values + off : NULL;
	}
	return NULL;
}

bool ebpf_read(struct ebpf_run *run, u64 addr, void *to, u32 len)
{
	u8 *p;

	if (addr >> 32 == EBPF_REGION_PACKET)
		return bpf_load_bytes(run->skb, (s64)run->base + (u32)addr, to, len);
	p = memory_at(run, addr, len);
	if (p)
		memcpy(to, p, len);
	return p;
}

bool ebpf_write(struct ebpf_run *run, u64 addr, const void *from, u32 len)
{
	u8 *p = memory_at(run, addr, len);

	if (p)
		memmove(p, from, len);
	return p;
}

struct bpf_map *ebpf_map_at(struct ebpf_run *run, u64 addr)
{
	u32 i = (u32)(addr >> 32) - EBPF_REGION_MAP;

	return i < run->prog->nmaps && !(u32)addr ? run->prog->maps[i] : NULL;
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

static bool load(struct ebpf_run *run, const struct bpf_insn *f)
{
	u64 addr = run->r[f->src_reg] + (u64)(s64)f->off, v = 0;
	u32 size = size_of(f->code);

	if (addr >> 32 == EBPF_REGION_CTX)
		v = ebpf_ctx_load(run, (u32)addr, size);
	else if (!ebpf_read(run, addr, &v, size))
		return false;
	if (BPF_MODE(f->code) == BPF_MEMSX)
		v = move(true, (s16)(size * 8), v);
	run->r[f->dst_reg] = v;
	return true;
}

static bool store(struct ebpf_run *run, const struct bpf_insn *f, u64 v)
{
	u64 addr = run->r[f->dst_reg] + (u64)(s64)f->off;
	u32 size = size_of(f->code), cb = (u32)addr - offsetof(struct __sk_buff, cb);

	if (addr >> 32 != EBPF_REGION_CTX)
		return ebpf_write(run, addr, &v, size);
	if (cb + (u64)size > sizeof(run->cb))
		return false;
	memcpy(run->cb + cb, &v, size);
	return true;
}

static bool atomic(struct ebpf_run *run, const struct bpf_insn *f)
{
	u64 addr = run->r[f->dst_reg] + (u64)(s64)f->off, old = 0, v = run->r[f->src_reg];
	u32 size = size_of(f->code);
	bool wide = size == 8;

	if (!ebpf_read(run, addr, &old, size))
		return false;
	switch (f->imm & ~BPF_FETCH) {
	case BPF_XCHG & ~BPF_FETCH:
		break;
	case BPF_CMPXCHG & ~BPF_FETCH:
		v = old == (wide ? run->r[0] : (u32)run->r[0]) ? v : old;
		run->r[0] = old;
		return ebpf_write(run, addr, &v, size);
	default:
		v = ebpf_alu((u8)(f->imm & 0xf0), wide, 0, old, v);
	}
	if (f->imm & BPF_FETCH)
		run->r[f->src_reg] = old;
	return ebpf_write(run, addr, &v, size);
}

/* LD_ABS and LD_IND: as in classic programs; false ends the program with 0. */
static bool load_packet(struct ebpf_run *run, const struct bpf_insn *f)
{
	s32 k = f->imm + (s32)(BPF_MODE(f->code) == BPF_IND ? (u32)run->r[f->src_reg] : 0u);
	u32 size = size_of(f->code);
	s64 off;
	u8 b[4];

	if (!bpf_load_offset(run->skb, run->base, k, &off) ||
	    !bpf_load_bytes(run->skb, off, b, size))
		return false;
	run->r[0] = size == 4 ? get_be32(b) : size == 2 ? get_be16(b) : b[0];
	return true;
}

/* ---- control ------------------------------------------------------------------------------------- */

static bool jump_taken(const struct ebpf_run *run, const struct bpf_insn *f)
{
	u64 a = run->r[f->dst_reg], b = IS_X(f->code) ? run->r[f->src_reg] : (u64)(s64)f->imm;
	s64 sa = (s64)a, sb = (s64)b;

	if (CLASS(f->code) == BPF_JMP32) {
		a = (u32)a;
		b = (u32)b;
		sa = (s32)a;
		sb = (s32)b;
	}
	switch (OP(f->code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSET:
		return a & b;
	case BPF_JSGT:
		return sa > sb;
	case BPF_JSGE:
		return sa >= sb;
	case BPF_JSLT:
		return sa < sb;
	default:
		return sa <= sb;
	}
}

/* What is no jump, call or exit; false: the program ends with 0. */
static bool step(struct ebpf_run *run, const struct bpf_insn *f)
{
	bool wide = CLASS(f->code) == BPF_ALU64;
	u64 *dst = &run->r[f->dst_reg];

	switch (CLASS(f->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		if (OP(f->code) == BPF_END)
			*dst = swap_bytes(f->code, f->imm, *dst);
		else
			*dst = ebpf_alu(OP(f->code), wide, f->off, *dst,
					IS_X(f->code) ? run->r[f->src_reg] : (u64)(s64)f->imm);
		return true;
	case BPF_LDX:
		run->fault = !load(run, f);
		break;
	case BPF_ST:
		run->fault = !store(run, f, (u64)(s64)f->imm);
		break;
	case BPF_STX:
		if (BPF_MODE(f->code) == BPF_ATOMIC)
			run->fault = !atomic(run, f);
		else
			run->fault = !store(run, f, run->r[f->src_reg]);
		break;
	default:
		return load_packet(run, f);
	}
	return !run->fault;
}

/* LD_IMM64: a number, a map, or what is in an array. */
static u64 imm64(const struct bpf_insn *f)
{
	switch (f->src_reg) {
	case BPF_PSEUDO_MAP_FD:
		return ebpf_addr(EBPF_REGION_MAP + (u32)f->imm, 0);
	case BPF_PSEUDO_MAP_VALUE:
		return ebpf_addr(EBPF_REGION_VALUES + (u32)f->imm, (u32)f[1].imm);
	default:
		return (u64)(u32)f[1].imm << 32 | (u32)f->imm;
	}
}

u64 ebpf_prog_run(struct ebpf_run *run)
{
	const struct bpf_insn *f = run->prog->code;

	run->r[1] = ebpf_addr(EBPF_REGION_CTX, 0);
	run->r[10] = ebpf_addr(EBPF_REGION_STACK, EBPF_STACK);
	for (u32 steps = 0; steps < EBPF_MAX_STEPS; steps++, f++) {
		u8 class = CLASS(f->code), op = OP(f->code);

		if (f->code == (BPF_LD | BPF_IMM | BPF_DW)) {
			run->r[f->dst_reg] = imm64(f);
			f++;
		} else if (class != BPF_JMP && class != BPF_JMP32) {
			if (!step(run, f))
				return 0;
		} else if (op == BPF_EXIT) {
			return run->r[0];
		} else if (op == BPF_CALL) {
			run->r[0] = ebpf_call(run, (u32)f->imm);
			if (run->fault)
				return 0;
		} else if (op == BPF_JA) {
			f += class == BPF_JMP ? f->off : f->imm;
		} else if (jump_taken(run, f)) {
			f += f->off;
		}
	}
	run->fault = true;
	return 0;
}
