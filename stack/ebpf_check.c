/* SPDX-License-Identifier: MIT */
/*
 * The form of extended programs: what can be said of each instruction alone, and which of them are ever
 * reached (check_subprogs(), resolve_pseudo_ldimm64(), check_cfg() in Linux).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/engine/pool.h"
#include "stack/ebpf.h"

#define OP(code) ((code) & 0xf0)
#define CLASS(code) ((code) & 0x07)
#define IS_X(code) ((code) & BPF_X)
#define LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW)

void ebpf_log(struct ebpf_log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(log->text, sizeof(log->text), fmt, ap);
	va_end(ap);
}

/* ---- fields -------------------------------------------------------------------------------------- */

static bool end_ok(const struct bpf_insn *f)
{
	if (f->off || f->src_reg || (CLASS(f->code) == BPF_ALU64 && IS_X(f->code)))
		return false;
	return f->imm == 16 || f->imm == 32 || f->imm == 64;
}

static bool mov_off_ok(const struct bpf_insn *f)
{
	if (!IS_X(f->code))
		return !f->off;
	return !f->off || f->off == 8 || f->off == 16 ||
	       (f->off == 32 && CLASS(f->code) == BPF_ALU64);
}

static bool alu_ok(const struct bpf_insn *f)
{
	u8 op = OP(f->code);
	s32 width = CLASS(f->code) == BPF_ALU64 ? 64 : 32;

	if (op == BPF_END)
		return end_ok(f);
	if (op > BPF_END)
		return false;
	if (op == BPF_NEG)
		return !IS_X(f->code) && !f->src_reg && !f->off && !f->imm;
	if (IS_X(f->code) ? f->imm != 0 : f->src_reg != 0)
		return false;
	if (op == BPF_MOV)
		return mov_off_ok(f);
	if (op == BPF_DIV || op == BPF_MOD)
		return (!f->off || f->off == 1) && (IS_X(f->code) || f->imm);
	if (f->off)
		return false;
	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		return IS_X(f->code) || (f->imm >= 0 && f->imm < width);
	return true;
}

static bool jump_ok(const struct bpf_insn *f)
{
	bool wide = CLASS(f->code) == BPF_JMP;

	switch (OP(f->code)) {
	case BPF_CALL:
		return wide && !IS_X(f->code) && !f->off && !f->dst_reg;
	case BPF_EXIT:
		return wide && !IS_X(f->code) && !f->imm && !f->src_reg && !f->dst_reg && !f->off;
	case BPF_JA:
		return !IS_X(f->code) && !f->src_reg && !f->dst_reg && !(wide ? f->imm : f->off);
	default:
		return OP(f->code) <= BPF_JSLE && (IS_X(f->code) ? !f->imm : !f->src_reg);
	}
}

static bool atomic_ok(const struct bpf_insn *f)
{
	if (BPF_SIZE(f->code) != BPF_W && BPF_SIZE(f->code) != BPF_DW)
		return false;
	switch (f->imm) {
	case BPF_ADD:
	case BPF_ADD | BPF_FETCH:
	case BPF_AND:
	case BPF_AND | BPF_FETCH:
	case BPF_OR:
	case BPF_OR | BPF_FETCH:
	case BPF_XOR:
	case BPF_XOR | BPF_FETCH:
	case BPF_XCHG:
	case BPF_CMPXCHG:
		return true;
	default:
		return false;
	}
}

static bool memory_ok(const struct bpf_insn *f)
{
	u8 mode = BPF_MODE(f->code);

	switch (CLASS(f->code)) {
	case BPF_LDX:
		return !f->imm && (mode == BPF_MEM ||
				   (mode == BPF_MEMSX && BPF_SIZE(f->code) != BPF_DW));
	case BPF_ST:
		return mode == BPF_MEM && !f->src_reg;
	case BPF_STX:
		return mode == BPF_ATOMIC ? atomic_ok(f) : mode == BPF_MEM && !f->imm;
	default: /* LD_ABS, LD_IND */
		return (mode == BPF_ABS || mode == BPF_IND) && BPF_SIZE(f->code) != BPF_DW &&
		       !f->dst_reg && !f->off && (mode == BPF_IND || !f->src_reg);
	}
}

/* The second half holds nothing but its part of the number. */
static bool imm64_ok(const struct bpf_prog *prog, u32 pc)
{
	const struct bpf_insn *f = &prog->code[pc];

	return pc + 1 < prog->len && !f->off && !f[1].code && !f[1].dst_reg && !f[1].src_reg &&
	       !f[1].off && (f->src_reg != BPF_PSEUDO_MAP_FD || !f[1].imm) &&
	       f->src_reg <= BPF_PSEUDO_MAP_VALUE;
}

static bool insn_ok(const struct bpf_prog *prog, u32 pc)
{
	const struct bpf_insn *f = &prog->code[pc];

	switch (CLASS(f->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return alu_ok(f);
	case BPF_JMP:
	case BPF_JMP32:
		return jump_ok(f);
	default:
		return f->code == LD_IMM64 ? imm64_ok(prog, pc) : memory_ok(f);
	}
}

/* ---- reach --------------------------------------------------------------------------------------- */

u32 ebpf_jump_target(const struct bpf_insn *f, u32 pc)
{
	bool far = CLASS(f->code) == BPF_JMP32 && OP(f->code) == BPF_JA;

	return pc + 1 + (u32)(far ? f->imm : f->off);
}

/* What comes after pc, into next; how many. */
u32 ebpf_successors(const struct bpf_prog *prog, u32 pc, u32 next[2])
{
	const struct bpf_insn *f = &prog->code[pc];
	u8 class = CLASS(f->code), op = OP(f->code);
	u32 n = 0;

	if (class != BPF_JMP && class != BPF_JMP32) {
		next[n++] = pc + (f->code == LD_IMM64 ? 2 : 1);
	} else if (op == BPF_CALL) {
		next[n++] = pc + 1;
	} else if (op != BPF_EXIT) {
		if (op != BPF_JA)
			next[n++] = pc + 1;
		next[n++] = ebpf_jump_target(f, pc);
	}
	return n;
}

static int check_reach(const struct bpf_prog *prog, struct ebpf_log *log)
{
	u32 *stack = xcalloc(prog->len, sizeof(*stack)), depth = 0;
	bool *seen = xcalloc(prog->len, sizeof(*seen));
	int err = 0;

	stack[depth++] = 0;
	seen[0] = true;
	while (depth && !err) {
		u32 pc = stack[--depth], next[2], n = ebpf_successors(prog, pc, next);

		for (u32 i = 0; i < n && !err; i++) {
			if (next[i] >= prog->len || !prog->code[next[i]].code) {
				ebpf_log(log, "jump out of range from insn %u to %d\n", pc,
					 (int)next[i]);
				err = -EINVAL;
			} else if (!seen[next[i]]) {
				seen[next[i]] = true;
				stack[depth++] = next[i];
			}
		}
	}
	for (u32 pc = 0; pc < prog->len && !err; pc++) {
		if (seen[pc] || !prog->code[pc].code)
			continue;
		ebpf_log(log, "unreachable insn %u\n", pc);
		err = -EINVAL;
	}
	free(stack);
	free(seen);
	return err;
}

static bool writes_dst(const struct bpf_insn *f)
{
	u8 class = CLASS(f->code);

	return class == BPF_ALU || class == BPF_ALU64 || class == BPF_LDX || f->code == LD_IMM64;
}

int ebpf_check_form(const struct bpf_prog *prog, struct ebpf_log *log)
{
	for (u32 pc = 0; pc < prog->len; pc++) {
		const struct bpf_insn *f = &prog->code[pc];

		if (f->dst_reg > 10 || f->src_reg > 10) {
			ebpf_log(log, "R%d is invalid\n", max(f->dst_reg, f->src_reg));
			return -EINVAL;
		}
		if (!insn_ok(prog, pc)) {
			ebpf_log(log, "unknown opcode %02x at insn %u\n", f->code, pc);
			return -EINVAL;
		}
		if (f->code == LD_IMM64)
			pc++;
	}
	for (u32 pc = 0; pc < prog->len; pc++) {
		const struct bpf_insn *f = &prog->code[pc];

		if (f->code && writes_dst(f) && f->dst_reg == 10) {
			ebpf_log(log, "frame pointer is read only\n");
			return -EACCES;
		}
	}
	return check_reach(prog, log);
}
