/* SPDX-License-Identifier: MIT */
/*
 * Runs classic BPF programs over a packet (filter.rst). The checker has been there: jumps stay inside
 * and go forward, so a program ends. A load from beyond the packet and a division by zero end it with 0.
 */
#include <string.h>

#include "stack/ebpf.h"

struct classic_state {
	const struct sk_buff *skb;
	u32 base;
	u32 a, x;
	u32 mem[BPF_MEMWORDS];
};

/* Into *v, in host order; false: beyond the packet. */
static bool load(const struct classic_state *s, u16 code, u32 k, u32 *v)
{
	u32 n = BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
	u8 b[4];
	s64 off;

	if (!bpf_load_offset(s->skb, s->base, (s32)k, &off) || !bpf_load_bytes(s->skb, off, b, n))
		return false;
	*v = n == 4 ? get_be32(b) : n == 2 ? get_be16(b) : b[0];
	return true;
}

static bool alu(struct classic_state *s, const struct sock_filter *f)
{
	u32 v = BPF_SRC(f->code) == BPF_X ? s->x : f->k;

	switch (BPF_OP(f->code)) {
	case BPF_ADD:
		s->a += v;
		break;
	case BPF_SUB:
		s->a -= v;
		break;
	case BPF_MUL:
		s->a *= v;
		break;
	case BPF_DIV:
		if (!v)
			return false;
		s->a /= v;
		break;
	case BPF_MOD:
		if (!v)
			return false;
		s->a %= v;
		break;
	case BPF_AND:
		s->a &= v;
		break;
	case BPF_OR:
		s->a |= v;
		break;
	case BPF_XOR:
		s->a ^= v;
		break;
	case BPF_LSH:
		s->a <<= v & 31; /* of X: as the CPU does it */
		break;
	case BPF_RSH:
		s->a >>= v & 31;
		break;
	default:
		s->a = -s->a;
	}
	return true;
}

/* Instructions to pass over. */
static u32 jump(const struct classic_state *s, const struct sock_filter *f)
{
	u32 v = BPF_SRC(f->code) == BPF_X ? s->x : f->k;

	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return s->a == v ? f->jt : f->jf;
	case BPF_JGT:
		return s->a > v ? f->jt : f->jf;
	case BPF_JGE:
		return s->a >= v ? f->jt : f->jf;
	case BPF_JSET:
		return s->a & v ? f->jt : f->jf;
	default:
		return f->k;
	}
}

/* BPF_LD and BPF_LDX. false: the program ends with *ret. */
static bool load_insn(struct classic_state *s, const struct sock_filter *f, u32 *ret)
{
	u32 *reg = BPF_CLASS(f->code) == BPF_LD ? &s->a : &s->x, v;

	*ret = 0;
	switch (BPF_MODE(f->code)) {
	case BPF_IMM:
		*reg = f->k;
		return true;
	case BPF_MEM:
		*reg = s->mem[f->k];
		return true;
	case BPF_LEN:
		*reg = s->skb->len - s->base;
		return true;
	case BPF_MSH:
		if (!load(s, BPF_B, f->k, &v))
			return false;
		s->x = (v & 0xf) << 2;
		return true;
	case BPF_IND:
		return load(s, f->code, s->x + f->k, &s->a);
	default:
		if (f->k < (u32)SKF_AD_OFF)
			return load(s, f->code, f->k, &s->a);
		if (bpf_ancillary(s->skb, s->base, f->k - (u32)SKF_AD_OFF, &s->a, s->x))
			return true;
		*ret = s->a;
		return false;
	}
}

static u32 classic_run(const struct bpf_prog *prog, const struct sk_buff *skb, u32 offset)
{
	struct classic_state s = { .skb = skb, .base = offset };
	u32 ret;

	for (const struct sock_filter *f = prog->insns;; f++) {
		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
		case BPF_LDX:
			if (!load_insn(&s, f, &ret))
				return ret;
			break;
		case BPF_ST:
			s.mem[f->k] = s.a;
			break;
		case BPF_STX:
			s.mem[f->k] = s.x;
			break;
		case BPF_ALU:
			if (!alu(&s, f))
				return 0;
			break;
		case BPF_JMP:
			f += jump(&s, f);
			break;
		case BPF_RET:
			return BPF_RVAL(f->code) == BPF_A ? s.a : f->k;
		default: /* BPF_MISC */
			if (BPF_MISCOP(f->code) == BPF_TAX)
				s.x = s.a;
			else
				s.a = s.x;
		}
	}
}

u32 bpf_prog_run_sk(const struct bpf_prog *prog, const struct sk_buff *skb, u32 offset,
		    const struct sock *sk)
{
	if (!prog->code)
		return classic_run(prog, skb, offset);
	return (u32)ebpf_prog_run(
		&(struct ebpf_run){ .prog = prog, .skb = skb, .sk = sk, .base = offset });
}

u32 bpf_prog_run(const struct bpf_prog *prog, const struct sk_buff *skb, u32 offset)
{
	return bpf_prog_run_sk(prog, skb, offset, NULL);
}
