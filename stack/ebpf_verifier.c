/* SPDX-License-Identifier: MIT */
/*
 * The verifier: follows every path of a program with what is known of its registers (bpf_verifier.c and
 * Documentation/bpf/verifier.rst of Linux).
 *
 * A path ends at an exit, at a jump that cannot be, or where everything that holds has been followed
 * before. One that comes back to a place with nothing changed would go on for ever; one that always
 * changes something ends when EBPF_MAX_STEPS instructions have been followed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"
#include "stack/ebpf_verifier.h"

#define OP(code) ((code) & 0xf0)
#define CLASS(code) ((code) & 0x07)
#define IS_X(code) ((code) & BPF_X)
#define LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW)
#define PENDING_MAX 8192u /* branches left to be followed */
#define JUMPS_BETWEEN 2u  /* states are kept this far apart */
#define INSNS_BETWEEN 8u

/* ---- what is read later -------------------------------------------------------------------------- */

static u16 bit(u32 reg)
{
	return (u16)(1u << reg);
}

/* Registers that the instruction reads, and those that it gives a new value. */
static void uses_of(const struct bpf_insn *f, u16 *use, u16 *def)
{
	u8 class = CLASS(f->code), op = OP(f->code);

	*use = *def = 0;
	switch (class) {
	case BPF_ALU:
	case BPF_ALU64:
		*def = bit(f->dst_reg);
		if (op != BPF_MOV)
			*use = bit(f->dst_reg);
		if (IS_X(f->code) && op != BPF_END)
			*use |= bit(f->src_reg);
		break;
	case BPF_LDX:
		*def = bit(f->dst_reg);
		*use = bit(f->src_reg);
		break;
	case BPF_STX: /* an atomic operation may also read R0 and give a register a value */
		*use = bit(f->src_reg) | bit(f->dst_reg) | bit(0);
		break;
	case BPF_ST:
		*use = bit(f->dst_reg);
		break;
	case BPF_LD:
		if (f->code == LD_IMM64) {
			*def = bit(f->dst_reg);
			break;
		}
		*def = 0x3f;
		*use = bit(6) | (BPF_MODE(f->code) == BPF_IND ? bit(f->src_reg) : 0);
		break;
	default:
		if (op == BPF_CALL) {
			*def = 0x3f;
			*use = 0x3e;
		} else if (op == BPF_EXIT) {
			*use = bit(0);
		} else if (op != BPF_JA) {
			*use = bit(f->dst_reg) | (IS_X(f->code) ? bit(f->src_reg) : 0);
		}
	}
}

/* Registers that are read at or behind each instruction before they are written. */
static void find_live(struct verifier *v)
{
	const struct bpf_prog *prog = v->prog;
	bool changed = true;

	while (changed) {
		changed = false;
		for (u32 pc = prog->len; pc-- > 0;) {
			u32 next[2], n;
			u16 use, def, live = 0;

			if (!prog->code[pc].code)
				continue;
			n = ebpf_successors(prog, pc, next);
			for (u32 i = 0; i < n; i++)
				live |= v->live[next[i]];
			uses_of(&prog->code[pc], &use, &def);
			live = (u16)((live & ~def) | use);
			changed |= live != v->live[pc];
			v->live[pc] = live;
		}
	}
}

/* States are kept and compared where paths meet. */
static void find_meetings(struct verifier *v)
{
	for (u32 pc = 0; pc < v->prog->len; pc++) {
		const struct bpf_insn *f = &v->prog->code[pc];
		u32 next[2], n;

		if (CLASS(f->code) != BPF_JMP && CLASS(f->code) != BPF_JMP32)
			continue;
		n = ebpf_successors(v->prog, pc, next);
		if (OP(f->code) == BPF_CALL)
			continue;
		for (u32 i = 0; i < n; i++)
			v->meeting[next[i]] = true;
	}
}

/* ---- states -------------------------------------------------------------------------------------- */

static struct ebpf_state *state_copy(struct verifier *v, const struct ebpf_state *s)
{
	struct ebpf_state *c = xrealloc(NULL, sizeof(*c));

	*c = *s;
	c->same = NULL;
	c->branches = c->misses = c->hits = 0;
	c->all = v->all;
	v->all = c;
	return c;
}

/* A path from s has ended; with the last, those that led to it have ended too. */
static void path_ended(struct ebpf_state *s)
{
	for (; s; s = s->parent) {
		assert(s->branches);
		if (--s->branches)
			break;
	}
}

/* Follows the current state at pc later, too. */
static int push(struct verifier *v, u32 pc, const struct ebpf_state *s)
{
	struct ebpf_state *c;

	if (v->npending == PENDING_MAX) {
		ebpf_log(v->log, "The sequence of %u jumps is too complex.\n", PENDING_MAX);
		return -E2BIG;
	}
	c = xrealloc(NULL, sizeof(*c));
	*c = *s;
	c->pc = pc;
	c->same = v->pending;
	v->pending = c;
	v->npending++;
	if (c->parent)
		c->parent->branches++;
	return 0;
}

static bool pop(struct verifier *v)
{
	struct ebpf_state *c = v->pending;

	if (!c)
		return false;
	v->pending = c->same;
	v->npending--;
	v->cur = *c;
	free(c);
	return true;
}

enum visit { VISIT_GO_ON, VISIT_KNOWN, VISIT_LOOP };

/* Has all that follows from here been followed? If not, the state is kept for the next who comes. */
static enum visit visit(struct verifier *v)
{
	struct ebpf_state *cur = &v->cur, *s, **at = &v->kept[cur->pc];
	/* Ever further apart, or a loop of a million steps would keep 100,000 of them. */
	bool keep = v->jumps - cur->last_jumps >= JUMPS_BETWEEN &&
		    v->insns - cur->last_insns >= INSNS_BETWEEN + v->insns / 4096;

	while ((s = *at) != NULL) {
		bool open = s->branches;

		if (open && state_within(s, cur, 0x7ff, true))
			return VISIT_LOOP;
		if (!open && state_within(s, cur, v->live[cur->pc], false)) {
			s->hits++;
			return VISIT_KNOWN;
		}
		if (++s->misses > s->hits * 3 + 3)
			*at = s->same; /* not worth the comparing */
		else
			at = &s->same;
	}
	if (!keep)
		return VISIT_GO_ON;
	s = state_copy(v, cur);
	s->branches = 1;
	s->same = v->kept[cur->pc];
	v->kept[cur->pc] = s;
	cur->parent = s;
	cur->last_jumps = v->jumps;
	cur->last_insns = v->insns;
	return VISIT_GO_ON;
}

/* ---- instructions -------------------------------------------------------------------------------- */

int verifier_read_reg(struct verifier *v, u32 reg)
{
	if (v->cur.r[reg].type != REG_NONE)
		return 0;
	ebpf_log(v->log, "%u: R%u !read_ok\n", v->cur.pc, reg);
	return -EACCES;
}

static int offset_error(struct verifier *v, u32 reg)
{
	ebpf_log(v->log, "%u: math between R%u pointer and an unbounded number is not allowed\n",
		 v->cur.pc, reg);
	return -EINVAL;
}

static int pointer_error(struct verifier *v, u32 reg)
{
	ebpf_log(v->log, "%u: R%u pointer arithmetic prohibited\n", v->cur.pc, reg);
	return -EACCES;
}

/* A pointer and a number; to: the pointer. */
static int pointer_add(struct verifier *v, u32 reg, struct ebpf_reg *to, const struct ebpf_reg *by,
		       bool subtract)
{
	struct ebpf_reg n;
	s64 off;

	switch (to->type) {
	case REG_CTX:
	case REG_STACK:
	case REG_VALUE:
	case REG_PACKET:
		break;
	default:
		return pointer_error(v, reg);
	}
	if (reg_is_const(by)) {
		off = subtract ? to->off - (s64)by->umin : to->off + (s64)by->umin;
		if ((s64)by->umin > 1 << 29 || (s64)by->umin < -(1 << 29) || off > 1 << 29 ||
		    off < -(1 << 29))
			return offset_error(v, reg);
		to->off = (s32)off;
		return 0;
	}
	if (by->smin < -(1 << 29) || by->smax > 1 << 29)
		return offset_error(v, reg);
	if (to->type != REG_VALUE)
		return pointer_error(v, reg);
	n = *to;
	n.type = REG_SCALAR;
	n = reg_alu(subtract ? BPF_SUB : BPF_ADD, true, 0, n, *by);
	to->umin = n.umin;
	to->umax = n.umax;
	to->smin = n.smin;
	to->smax = n.smax;
	return 0;
}

static int alu_pointers(struct verifier *v, const struct bpf_insn *f, struct ebpf_reg *dst,
			struct ebpf_reg src)
{
	u8 op = OP(f->code);
	struct ebpf_reg n;
	int err;

	if (CLASS(f->code) != BPF_ALU64 || (op != BPF_ADD && op != BPF_SUB))
		return pointer_error(v, f->dst_reg);
	if (reg_is_pointer(dst) && reg_is_pointer(&src)) {
		if (op != BPF_SUB || !v->leaks)
			return pointer_error(v, f->dst_reg);
		*dst = reg_unknown();
		return 0;
	}
	if (reg_is_pointer(dst))
		return pointer_add(v, f->dst_reg, dst, &src, op == BPF_SUB);
	if (op == BPF_SUB)
		return pointer_error(v, f->dst_reg);
	n = *dst;
	*dst = src;
	err = pointer_add(v, f->dst_reg, dst, &n, false);
	return err;
}

/* What the instruction's second operand is. */
static struct ebpf_reg operand(const struct verifier *v, const struct bpf_insn *f)
{
	return IS_X(f->code) ? v->cur.r[f->src_reg] : reg_const((u64)(s64)f->imm);
}

static int do_mov(struct verifier *v, const struct bpf_insn *f)
{
	bool wide = CLASS(f->code) == BPF_ALU64;
	struct ebpf_reg *dst = &v->cur.r[f->dst_reg], src = operand(v, f);

	if (reg_is_pointer(&src)) {
		if (wide && !f->off) {
			*dst = src;
			return 0;
		}
		if (!v->leaks || f->off) {
			ebpf_log(v->log, "%u: R%u partial copy of pointer\n", v->cur.pc, f->src_reg);
			return -EACCES;
		}
		*dst = reg_below(UINT32_MAX);
		return 0;
	}
	*dst = reg_alu(BPF_MOV, wide, f->off, src, src);
	if (IS_X(f->code) && wide && !f->off && !reg_is_const(&src)) {
		struct ebpf_reg *from = &v->cur.r[f->src_reg];

		if (!from->id)
			from->id = ++v->ids;
		dst->id = from->id;
	}
	return 0;
}

static int do_alu(struct verifier *v, const struct bpf_insn *f)
{
	bool wide = CLASS(f->code) == BPF_ALU64;
	struct ebpf_reg *dst = &v->cur.r[f->dst_reg], src;
	u8 op = OP(f->code);
	int err = 0;

	if (IS_X(f->code) && op != BPF_END)
		err = verifier_read_reg(v, f->src_reg);
	if (!err && op != BPF_MOV)
		err = verifier_read_reg(v, f->dst_reg);
	if (err)
		return err;
	if (op == BPF_MOV)
		return do_mov(v, f);
	src = op == BPF_NEG || op == BPF_END ? reg_const(0) : operand(v, f);
	if (reg_is_pointer(dst) || reg_is_pointer(&src))
		return alu_pointers(v, f, dst, src);
	if (op == BPF_END)
		*dst = f->imm == 64 ? reg_unknown() : reg_below((1ull << f->imm) - 1);
	else
		*dst = reg_alu(op, wide, f->off, *dst, src);
	return 0;
}

static int do_imm64(struct verifier *v, const struct bpf_insn *f)
{
	struct ebpf_reg *dst = &v->cur.r[f->dst_reg];

	if (!f->src_reg) {
		*dst = reg_const((u64)(u32)f[1].imm << 32 | (u32)f->imm);
		return 0;
	}
	*dst = (struct ebpf_reg){ .type = f->src_reg == BPF_PSEUDO_MAP_FD ? REG_MAP : REG_VALUE,
				  .map = (u8)f->imm };
	if (f->src_reg == BPF_PSEUDO_MAP_VALUE)
		dst->off = f[1].imm;
	return 0;
}

static void clobber_args(struct verifier *v)
{
	memset(&v->cur.r[1], 0, 5 * sizeof(v->cur.r[1]));
}

static int do_ld_abs(struct verifier *v, const struct bpf_insn *f)
{
	int err = verifier_read_reg(v, 6);

	if (v->prog->type != BPF_PROG_TYPE_SOCKET_FILTER) {
		ebpf_log(v->log, "BPF_LD_[ABS|IND] instructions not allowed for this program type\n");
		return -EINVAL;
	}
	if (!err && BPF_MODE(f->code) == BPF_IND)
		err = verifier_read_reg(v, f->src_reg);
	if (!err && (v->cur.r[6].type != REG_CTX || v->cur.r[6].off)) {
		ebpf_log(v->log, "at the time of BPF_LD_ABS|IND R6 != pointer to skb\n");
		err = -EINVAL;
	}
	if (err)
		return err;
	clobber_args(v);
	v->cur.r[0] = reg_below(BPF_SIZE(f->code) == BPF_W ? UINT32_MAX :
				BPF_SIZE(f->code) == BPF_H ? UINT16_MAX :
							     UINT8_MAX);
	return 0;
}

/* ---- jumps --------------------------------------------------------------------------------------- */

/* What became known of one register is true of its copies. */
static void spread(struct ebpf_state *s, const struct ebpf_reg *r)
{
	if (r->type != REG_SCALAR || !r->id)
		return;
	for (int i = 0; i < 11; i++) {
		if (s->r[i].type == REG_SCALAR && s->r[i].id == r->id)
			s->r[i] = *r;
	}
	for (int i = 0; i < SLOTS; i++) {
		if (s->slot[i].spill && s->slot[i].reg.type == REG_SCALAR && s->slot[i].reg.id == r->id)
			s->slot[i].reg = *r;
	}
}

static void set_null(struct ebpf_reg *r, u32 id, bool null)
{
	if (r->type != REG_VALUE_OR_NULL || r->id != id)
		return;
	if (null)
		*r = reg_const(0);
	else
		r->type = REG_VALUE;
	r->id = 0;
}

static void decide_null(struct ebpf_state *s, u32 id, bool null)
{
	for (int i = 0; i < 11; i++)
		set_null(&s->r[i], id, null);
	for (int i = 0; i < SLOTS; i++) {
		if (s->slot[i].spill)
			set_null(&s->slot[i].reg, id, null);
	}
}

static void packet_known(struct ebpf_state *s, s32 bytes)
{
	for (int i = 0; i < 11; i++) {
		if (s->r[i].type == REG_PACKET && bytes > 0)
			s->r[i].range = max(s->r[i].range, (u32)bytes);
	}
	for (int i = 0; i < SLOTS; i++) {
		if (s->slot[i].spill && s->slot[i].reg.type == REG_PACKET && bytes > 0)
			s->slot[i].reg.range = max(s->slot[i].reg.range, (u32)bytes);
	}
}

/* The packet's end compared: a OP b holds. Says something when a pointer is not beyond it. */
static void learn_packet(struct ebpf_state *s, u8 op, const struct ebpf_reg *a,
			 const struct ebpf_reg *b)
{
	if (a->type == REG_PACKET && b->type == REG_PACKET_END && (op == BPF_JLE || op == BPF_JLT))
		packet_known(s, a->off);
	else if (a->type == REG_PACKET_END && b->type == REG_PACKET &&
		 (op == BPF_JGE || op == BPF_JGT))
		packet_known(s, b->off);
}

/* s goes on where the jump's condition (op) holds; false: it cannot hold. */
static bool assume(struct ebpf_state *s, const struct bpf_insn *f, u8 op)
{
	bool wide = CLASS(f->code) == BPF_JMP;
	struct ebpf_reg k = reg_const((u64)(s64)f->imm), a = s->r[f->dst_reg];
	struct ebpf_reg b = IS_X(f->code) ? s->r[f->src_reg] : k;

	if (!reg_is_pointer(&a) && !reg_is_pointer(&b)) {
		if (!reg_refine(op, wide, &a, &b))
			return false;
		s->r[f->dst_reg] = a;
		spread(s, &a);
		if (IS_X(f->code)) {
			s->r[f->src_reg] = b;
			spread(s, &b);
		}
		return true;
	}
	if (!wide)
		return true;
	if (a.type == REG_VALUE_OR_NULL && reg_is_const(&b) && !b.umin &&
	    (op == BPF_JEQ || op == BPF_JNE))
		decide_null(s, a.id, op == BPF_JEQ);
	else if (reg_is_pointer(&a) && a.type != REG_VALUE_OR_NULL && !IS_X(f->code) && !f->imm &&
		 (op == BPF_JEQ || op == BPF_JNE))
		return op == BPF_JNE; /* no other pointer is NULL */
	else if (IS_X(f->code))
		learn_packet(s, op, &a, &b);
	return true;
}

static bool comparison_ok(const struct verifier *v, const struct bpf_insn *f)
{
	const struct ebpf_reg *a = &v->cur.r[f->dst_reg];
	const struct ebpf_reg *b = IS_X(f->code) ? &v->cur.r[f->src_reg] : NULL;
	bool pair = b && ((a->type == REG_PACKET && b->type == REG_PACKET_END) ||
			  (a->type == REG_PACKET_END && b->type == REG_PACKET));
	bool null = !b && !f->imm && (OP(f->code) == BPF_JEQ || OP(f->code) == BPF_JNE);

	return v->leaks || pair || null || (!reg_is_pointer(a) && !(b && reg_is_pointer(b)));
}

static int do_branch(struct verifier *v, const struct bpf_insn *f)
{
	u32 target = ebpf_jump_target(f, v->cur.pc);
	struct ebpf_state taken;
	int err = verifier_read_reg(v, f->dst_reg);

	if (!err && IS_X(f->code))
		err = verifier_read_reg(v, f->src_reg);
	if (err)
		return err;
	if (!comparison_ok(v, f)) {
		ebpf_log(v->log, "%u: R%u pointer comparison prohibited\n", v->cur.pc, f->dst_reg);
		return -EACCES;
	}
	taken = v->cur;
	if (assume(&taken, f, OP(f->code))) {
		if (!assume(&v->cur, f, jump_opposite(OP(f->code)))) {
			v->cur = taken;
			v->cur.pc = target;
			return 0;
		}
		err = push(v, target, &taken);
		if (err)
			return err;
	} else {
		/* It never jumps; what does not hold otherwise was found out. */
		(void)assume(&v->cur, f, jump_opposite(OP(f->code)));
	}
	v->cur.pc++;
	return 0;
}

/* 1: the path has ended. */
static int do_jump(struct verifier *v, const struct bpf_insn *f)
{
	int err;

	switch (OP(f->code)) {
	case BPF_EXIT:
		err = verifier_read_reg(v, 0);
		if (!err && reg_is_pointer(&v->cur.r[0]) && !v->leaks) {
			ebpf_log(v->log, "R0 leaks addr as return value\n");
			err = -EACCES;
		}
		return err ? err : 1;
	case BPF_CALL:
		err = verifier_call(v, f);
		clobber_args(v);
		v->cur.pc++;
		return err;
	case BPF_JA:
		v->jumps++;
		v->cur.pc = ebpf_jump_target(f, v->cur.pc);
		return 0;
	default:
		v->jumps++;
		return do_branch(v, f);
	}
}

static int do_insn(struct verifier *v, const struct bpf_insn *f)
{
	int err;

	switch (CLASS(f->code)) {
	case BPF_JMP:
	case BPF_JMP32:
		return do_jump(v, f);
	case BPF_ALU:
	case BPF_ALU64:
		err = do_alu(v, f);
		break;
	case BPF_LDX:
		err = verifier_load(v, f);
		break;
	case BPF_ST:
	case BPF_STX:
		err = verifier_store(v, f);
		break;
	default:
		err = f->code == LD_IMM64 ? do_imm64(v, f) : do_ld_abs(v, f);
		if (f->code == LD_IMM64)
			v->cur.pc++;
	}
	v->cur.pc++;
	return err;
}

/* One path to its end: 0 or -errno. */
static int follow(struct verifier *v)
{
	for (;;) {
		int ret;

		if (++v->insns > EBPF_MAX_STEPS) {
			ebpf_log(v->log, "BPF program is too large. Processed %u insn\n", v->insns);
			return -E2BIG;
		}
		if (v->meeting[v->cur.pc]) {
			enum visit what = visit(v);

			if (what == VISIT_LOOP) {
				ebpf_log(v->log, "infinite loop detected at insn %u\n", v->cur.pc);
				return -EINVAL;
			}
			if (what == VISIT_KNOWN)
				return 0;
		}
		ret = do_insn(v, &v->prog->code[v->cur.pc]);
		if (ret)
			return min(ret, 0);
	}
}

static void verifier_free(struct verifier *v)
{
	struct ebpf_state *s;

	while ((s = v->pending) != NULL) {
		v->pending = s->same;
		free(s);
	}
	while ((s = v->all) != NULL) {
		v->all = s->all;
		free(s);
	}
	free(v->kept);
	free(v->live);
	free(v->meeting);
}

int ebpf_verify(const struct bpf_prog *prog, bool leaks, struct ebpf_log *log)
{
	struct verifier v = { .prog = prog, .leaks = leaks, .log = log };
	int err;

	v.kept = xcalloc(prog->len, sizeof(struct ebpf_state *));
	v.live = xcalloc(prog->len, sizeof(*v.live));
	v.meeting = xcalloc(prog->len, sizeof(*v.meeting));
	find_live(&v);
	find_meetings(&v);
	v.cur.r[1].type = REG_CTX;
	v.cur.r[10].type = REG_STACK;
	do {
		err = follow(&v);
		path_ended(v.cur.parent);
	} while (!err && pop(&v));
	verifier_free(&v);
	return err;
}
