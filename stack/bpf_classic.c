/* SPDX-License-Identifier: MIT */
/*
 * Classic BPF programs: what is refused, and what a program costs its socket (net/core/filter.c:
 * bpf_check_classic(), bpf_convert_filter()).
 *
 * A program is safe by its form: jumps go forward only, the last instruction returns, every constant
 * offset into its scratch memory is in range, and no cell of it is read that may not have been written.
 * Loads from the packet are checked when they are made.
 *
 * Linux runs a translation and charges its length to the socket (net.core.optmem_max), so the length of
 * what each instruction becomes is part of what a program can see, in SO_MEMINFO and in ENOMEM.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"
#include "stack/ebpf.h"

/* ---- the checker --------------------------------------------------------------------------------- */

/* NOLINTBEGIN(misc-redundant-expression): some of the parts of a code are 0 */
static bool code_allowed(u16 code)
{
	switch (code) {
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_MOD | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_B | BPF_MSH:
	case BPF_LDX | BPF_IMM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return true;
	default:
		return false;
	}
}
/* NOLINTEND(misc-redundant-expression) */

static bool is_ancillary(u32 k)
{
	return k >= (u32)SKF_AD_OFF && k < (u32)(SKF_AD_OFF + SKF_AD_MAX) && !(k & 3);
}

static bool is_packet_load(const struct sock_filter *f)
{
	return BPF_CLASS(f->code) == BPF_LD && BPF_MODE(f->code) == BPF_ABS;
}

/* Constants of one instruction at pc of len. */
static bool operand_ok(const struct sock_filter *f, u32 pc, u32 len)
{
	switch (f->code) {
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
		return f->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return f->k < 32;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return f->k < BPF_MEMWORDS;
	case BPF_JMP | BPF_JA:
		return f->k < len - pc - 1;
	default:
		break;
	}
	if (BPF_CLASS(f->code) == BPF_JMP)
		return pc + f->jt + 1 < len && pc + f->jf + 1 < len;
	if (is_packet_load(f) && f->k >= (u32)SKF_AD_OFF)
		return is_ancillary(f->k);
	return true;
}

/*
 * Is each cell of the scratch memory written before it is read, on every path? Since jumps go forward,
 * one pass does: what is known at a target is what all jumps to it have in common. As in Linux, what
 * is behind a jump is taken to know all until a jump says otherwise.
 */
static bool memory_ok(const struct sock_filter *insns, u32 len)
{
	u16 *known = malloc(len * sizeof(*known));
	u16 now = 0;
	bool ok = true;

	if (!known)
		abort();
	memset(known, 0xff, len * sizeof(*known));
	for (u32 pc = 0; pc < len && ok; pc++) {
		const struct sock_filter *f = &insns[pc];

		now &= known[pc];
		if (f->code == BPF_ST || f->code == BPF_STX) {
			now |= (u16)(1 << f->k);
		} else if (f->code == (BPF_LD | BPF_MEM) || f->code == (BPF_LDX | BPF_MEM)) {
			ok = now >> f->k & 1;
		} else if (f->code == (BPF_JMP | BPF_JA)) {
			known[pc + 1 + f->k] &= now;
			now = 0xffff;
		} else if (BPF_CLASS(f->code) == BPF_JMP) {
			known[pc + 1 + f->jt] &= now;
			known[pc + 1 + f->jf] &= now;
			now = 0xffff;
		}
	}
	free(known);
	return ok;
}

static bool check_classic(const struct sock_filter *insns, u32 len)
{
	u16 last = insns[len - 1].code;

	for (u32 pc = 0; pc < len; pc++) {
		if (!code_allowed(insns[pc].code) || !operand_ok(&insns[pc], pc, len))
			return false;
	}
	return (last == (BPF_RET | BPF_K) || last == (BPF_RET | BPF_A)) && memory_ok(insns, len);
}

/* ---- what it is charged as ----------------------------------------------------------------------- */

#define PROG_HEADER 96u /* struct bpf_prog of Linux, up to the instructions of 8 bytes each */

u32 bpf_prog_size(u32 len)
{
	return PROG_HEADER + len * 8;
}

/* The call of a helper: three arguments with the offset (two with X's addition), the test, return 0. */
static u32 load_len(const struct sock_filter *f, u32 k)
{
	bool indirect = BPF_MODE(f->code) == BPF_IND && BPF_CLASS(f->code) == BPF_LD;
	u32 size_known = BPF_SIZE(f->code) != BPF_B;
	u32 n = 8 + (indirect && k ? 1 : 0);

	/* Linear bytes are read in place, unless the offset is negative. */
	if (!indirect && (s32)k >= 0)
		n += 4 + (k ? 1 : 0) + size_known + (k > INT16_MAX ? 2 : 0);
	return n;
}

static u32 ancillary_len(u32 ad)
{
	switch (ad) {
	case SKF_AD_MARK:
	case SKF_AD_QUEUE:
	case SKF_AD_RXHASH:
	case SKF_AD_VLAN_TAG:
	case SKF_AD_ALU_XOR_X:
		return 1;
	case SKF_AD_PROTOCOL:
	case SKF_AD_PKTTYPE:
	case SKF_AD_VLAN_TPID:
		return 2;
	case SKF_AD_VLAN_TAG_PRESENT:
		return 3;
	default:
		return 4;
	}
}

static u32 jump_len(const struct sock_filter *f)
{
	u8 op = BPF_OP(f->code);
	/* Immediates are signed there: a large one goes to a register first. */
	u32 n = BPF_SRC(f->code) == BPF_K && (s32)f->k < 0 ? 2 : 1;

	if (!f->jf || (!f->jt && op != BPF_JSET))
		return n;
	return n + 1;
}

static u32 insn_len(const struct sock_filter *f)
{
	switch (f->code) {
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_MOD | BPF_X:
		return 5;
	case BPF_RET | BPF_K:
		return 2;
	case BPF_JMP | BPF_JA:
		return 1;
	case BPF_LDX | BPF_B | BPF_MSH:
		return 6 + load_len(f, f->k);
	default:
		break;
	}
	if (BPF_CLASS(f->code) == BPF_JMP)
		return jump_len(f);
	if (is_packet_load(f) && is_ancillary(f->k))
		return ancillary_len(f->k - (u32)SKF_AD_OFF);
	if (is_packet_load(f) || (BPF_CLASS(f->code) == BPF_LD && BPF_MODE(f->code) == BPF_IND))
		return load_len(f, f->k);
	return 1;
}

u32 bpf_classic_size(const struct sock_filter *insns, u32 len)
{
	u32 n = 3; /* A and X are cleared, the packet's address is kept */
	bool loads = false;

	for (u32 pc = 0; pc < len; pc++) {
		const struct sock_filter *f = &insns[pc];

		n += insn_len(f);
		loads |= f->code == (BPF_LDX | BPF_B | BPF_MSH) ||
			 (BPF_CLASS(f->code) == BPF_LD && BPF_MODE(f->code) == BPF_IND) ||
			 (is_packet_load(f) && !is_ancillary(f->k));
	}
	return bpf_prog_size(n + (loads ? 4 : 0));
}

/* ---- life ---------------------------------------------------------------------------------------- */

int bpf_prog_create(const struct sock_fprog *fprog, struct bpf_prog **out)
{
	struct bpf_prog *prog;

	if (!fprog->filter || !fprog->len || fprog->len > BPF_MAXINSNS ||
	    !check_classic(fprog->filter, fprog->len))
		return -EINVAL;
	prog = xcalloc(1, sizeof(*prog));
	prog->refs = 1;
	prog->len = fprog->len;
	prog->size = bpf_classic_size(fprog->filter, fprog->len);
	prog->insns = xcalloc(fprog->len, sizeof(*prog->insns));
	memcpy(prog->insns, fprog->filter, fprog->len * sizeof(*prog->insns));
	*out = prog;
	return 0;
}

void bpf_prog_put(struct bpf_prog *prog)
{
	if (!prog || --prog->refs)
		return;
	for (u32 i = 0; i < prog->nmaps; i++)
		bpf_map_put(prog->maps[i]);
	free(prog->maps);
	free(prog->code);
	free(prog->insns);
	free(prog);
}
