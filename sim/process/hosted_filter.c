/* SPDX-License-Identifier: MIT */
/*
 * Which calls of a hosted program stop: a classic BPF program for seccomp(2).
 *
 * Whatever is not listed here is sent to the simulator, which serves it or refuses it: nothing unknown
 * goes native. Memory is the program's own; calls on a descriptor are native when its number is in the
 * window of native files. The kernel remembers which numbers are allowed whatever the arguments, so
 * those cost next to nothing.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "sim/process/hosted_int.h"

#define LAST_NR 512
#define X32_BIT 0x40000000
#define MAX_INSNS 2048

enum class {
	NOTIFY = 0, /* the simulator's */
	ALLOW,	    /* native */
	TRACE,	    /* the simulator's, with ptrace: its registers matter */
	BY_FD,	    /* native on descriptors of the window, else the simulator's */
	BY_MAPPING, /* the same, and native when no descriptor is mapped (mmap) */
};

static const u16 allowed[] = {
	SYS_mprotect, SYS_munmap, SYS_brk, SYS_mremap, SYS_msync, SYS_mincore,
	SYS_madvise, SYS_mlock, SYS_munlock, SYS_mlockall, SYS_munlockall, SYS_mlock2,
	SYS_pkey_alloc, SYS_pkey_free, SYS_pkey_mprotect, SYS_remap_file_pages,
	SYS_arch_prctl, SYS_sigaltstack, SYS_sync,
};
static const u16 by_fd[] = {
	SYS_read, SYS_write, SYS_lseek, SYS_pread64, SYS_pwrite64, SYS_readv,
	SYS_writev, SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2, SYS_fsync, SYS_fdatasync,
	SYS_ftruncate, SYS_getdents, SYS_getdents64, SYS_fchmod, SYS_fchown, SYS_fstatfs,
	SYS_fadvise64, SYS_fallocate, SYS_sync_file_range, SYS_fgetxattr, SYS_flistxattr,
	SYS_fsetxattr, SYS_fremovexattr, SYS_ioctl, SYS_readahead, SYS_syncfs,
};
static const u16 traced[] = {
	SYS_clone, SYS_clone3, SYS_fork, SYS_vfork, SYS_execve, SYS_execveat, SYS_rt_sigreturn,
};

struct emitter {
	struct sock_filter *insn;
	u16 n;
	u8 class[LAST_NR + 1];
};

static void emit(struct emitter *e, struct sock_filter insn)
{
	assert(e->n < MAX_INSNS);
	e->insn[e->n++] = insn;
}

static void emit_ret(struct emitter *e, u32 action)
{
	emit(e, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void emit_leaf(struct emitter *e, enum class class)
{
	switch (class) {
	case ALLOW:
		emit_ret(e, SECCOMP_RET_ALLOW);
		return;
	case TRACE:
		emit_ret(e, SECCOMP_RET_TRACE);
		return;
	case BY_FD:
		/* The kernel takes descriptors as 32 bits. */
		emit(e, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						     offsetof(struct seccomp_data, args[0])));
		emit(e, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, HOSTED_FD_BASE, 0, 2));
		emit(e, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
						     HOSTED_FD_BASE + HOSTED_FD_COUNT, 1, 0));
		emit_ret(e, SECCOMP_RET_ALLOW);
		emit_ret(e, SECCOMP_RET_USER_NOTIF);
		return;
	case BY_MAPPING:
		emit(e, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						     offsetof(struct seccomp_data, args[3])));
		emit(e, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 3, 0));
		emit(e, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						     offsetof(struct seccomp_data, args[4])));
		emit(e, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, HOSTED_FD_BASE, 0, 2));
		emit(e, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
						     HOSTED_FD_BASE + HOSTED_FD_COUNT, 1, 0));
		emit_ret(e, SECCOMP_RET_ALLOW);
		emit_ret(e, SECCOMP_RET_USER_NOTIF);
		return;
	case NOTIFY:
		emit_ret(e, SECCOMP_RET_USER_NOTIF);
		return;
	}
}

/* Numbers [lo, hi]: one class, or a comparison that halves them. */
static void emit_range(struct emitter *e, int lo, int hi)
{
	int mid, jump, i;

	for (i = lo + 1; i <= hi && e->class[i] == e->class[lo]; i++)
		;
	if (i > hi) {
		emit_leaf(e, e->class[lo]);
		return;
	}
	mid = (lo + hi + 1) / 2;
	jump = e->n;
	/* A jump far enough for the larger half: its offset in a word, not in a byte. */
	emit(e, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (u32)mid, 0, 1));
	emit(e, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	emit_range(e, lo, mid - 1);
	e->insn[jump + 1].k = (u32)(e->n - (jump + 2));
	emit_range(e, mid, hi);
}

static void classify(struct emitter *e, const u16 *nr, size_t n, enum class class)
{
	for (size_t i = 0; i < n; i++)
		e->class[nr[i]] = class;
}

u16 hosted_filter_build(struct sock_filter **insns)
{
	struct emitter e = { .insn = xcalloc(MAX_INSNS, sizeof(*e.insn)) };

	classify(&e, allowed, ARRAY_SIZE(allowed), ALLOW);
	classify(&e, by_fd, ARRAY_SIZE(by_fd), BY_FD);
	e.class[SYS_mmap] = BY_MAPPING;
	classify(&e, traced, ARRAY_SIZE(traced), TRACE);
	/* 32-bit calls (int 0x80) and x32 have other numbers: they do not exist. */
	emit(&e, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, arch)));
	emit(&e, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
	emit_ret(&e, SECCOMP_RET_ERRNO | ENOSYS);
	emit(&e, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr)));
	emit(&e, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
	emit_ret(&e, SECCOMP_RET_ERRNO | ENOSYS);
	emit_range(&e, 0, LAST_NR);
	*insns = e.insn;
	return e.n;
}
