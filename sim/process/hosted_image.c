/* SPDX-License-Identifier: MIT */
/*
 * What a new program finds on its stack (getauxval(3)), made to be the simulated host's: no vDSO, since
 * it would read the real clock; AT_RANDOM from the task's random stream; the simulated identity.
 */
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "sim/process/hosted_int.h"

#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27
#endif
#define MAX_STRINGS (1 << 20)

/* The address behind the zero that ends an array of pointers; 0: there is none. */
static u64 skip_pointers(struct hosted *h, u64 addr)
{
	for (int i = 0; i < MAX_STRINGS; i++) {
		u64 v;

		if (hosted_read(h, addr, &v, sizeof(v)) < 0)
			return 0;
		addr += sizeof(v);
		if (!v)
			return addr;
	}
	return 0;
}

static void set_random(struct hosted *h, u64 addr)
{
	u8 bytes[16];

	rng_bytes(&h->u->rng, bytes, sizeof(bytes));
	hosted_write(h, addr, bytes, sizeof(bytes));
}

static bool replace(struct hosted *h, u64 kv[2])
{
	const struct process *p = h->u->task->proc;

	switch (kv[0]) {
	case AT_SYSINFO_EHDR:
		kv[0] = AT_IGNORE;
		kv[1] = 0;
		return true;
	case AT_RSEQ_FEATURE_SIZE:
		kv[0] = AT_IGNORE;
		return true;
	case AT_UID:
	case AT_EUID:
		kv[1] = p->uid;
		return true;
	case AT_GID:
	case AT_EGID:
		kv[1] = p->gid;
		return true;
	case AT_RANDOM:
		set_random(h, kv[1]);
		return false;
	default:
		return false;
	}
}

void hosted_image_setup(struct hosted *h)
{
	struct user_regs_struct r;
	u64 argc, addr, kv[2];

	ptrace(PTRACE_GETREGS, h->tid, NULL, &r);
	if (hosted_read(h, r.rsp, &argc, sizeof(argc)) < 0)
		return;
	addr = skip_pointers(h, r.rsp + 8 * (argc + 2));
	while (addr && !hosted_read(h, addr, kv, sizeof(kv)) && kv[0] != AT_NULL) {
		if (replace(h, kv))
			hosted_write(h, addr, kv, sizeof(kv));
		addr += sizeof(kv);
	}
}
