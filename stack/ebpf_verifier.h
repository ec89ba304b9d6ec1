/* SPDX-License-Identifier: MIT */
/*
 * Doors between ebpf_verifier.c, which follows paths, and ebpf_memory.c, which checks what is loaded,
 * stored and given to helpers.
 */
#ifndef STACK_EBPF_VERIFIER_H
#define STACK_EBPF_VERIFIER_H

#include "stack/ebpf_state.h"

struct verifier {
	const struct bpf_prog *prog;
	struct ebpf_log *log;
	bool leaks;
	struct ebpf_state cur;
	struct ebpf_state *pending; /* other branches, chained by same; the latest first */
	u32 npending;
	struct ebpf_state **kept; /* by instruction */
	struct ebpf_state *all;
	u16 *live;
	bool *meeting;
	u32 insns, jumps, ids;
};

/* 0, or -EACCES: the register holds nothing. */
int verifier_read_reg(struct verifier *v, u32 reg);
int verifier_load(struct verifier *v, const struct bpf_insn *f);
int verifier_store(struct verifier *v, const struct bpf_insn *f);
/* Arguments checked, R0 set. */
int verifier_call(struct verifier *v, const struct bpf_insn *f);

#endif
