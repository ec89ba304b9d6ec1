/* SPDX-License-Identifier: MIT */
/*
 * Extended BPF (bpf(2); Documentation/bpf/standardization/instruction-set.rst of Linux): maps, the
 * verifier, the interpreter. Program types: BPF_PROG_TYPE_SOCKET_FILTER and BPF_PROG_TYPE_SK_REUSEPORT.
 *
 * A program cannot see where anything is in memory: what its registers hold as pointers are numbers of
 * regions and offsets in them, so that runs are the same, and the interpreter checks each access again,
 * whatever the verifier has found.
 */
#ifndef STACK_EBPF_H
#define STACK_EBPF_H

#include <linux/bpf.h>

#include "stack/bpf.h"

struct inet_sock;
struct task;
struct file;

#define EBPF_STACK 512
#define EBPF_MAX_MAPS 64
#define EBPF_MAX_STEPS 1000000u /* instructions that the verifier follows; no run takes more */

/* Newer than linux/bpf.h of some systems. */
#ifndef BPF_MEMSX
#define BPF_MEMSX 0x80
#endif

/* ---- maps (ebpf_map.c) --------------------------------------------------------------------------- */

struct bpf_map {
	u32 refs;
	u32 type, key_size, value_size, max_entries, flags;
	u32 stride; /* from value to value */
	u8 *values; /* max_entries * stride; none in a socket array */
	/* hash: slots in use are chained by bucket, latest first, the others in a list of free ones */
	u8 *keys;
	u32 *bucket, *next; /* slot + 1; 0: end */
	u32 mask, free, count;
	/* BPF_MAP_TYPE_REUSEPORT_SOCKARRAY */
	struct inet_sock **socks;
};

/* 0 or -errno as BPF_MAP_CREATE. */
int bpf_map_create(const union bpf_attr *attr, struct bpf_map **out);
void bpf_map_put(struct bpf_map *map);
/* Slot of the key, or -1. */
s64 bpf_map_find(const struct bpf_map *map, const void *key);
static inline u8 *bpf_map_value(const struct bpf_map *map, u32 slot)
{
	return map->values + (size_t)slot * map->stride;
}
/* flags: BPF_ANY, BPF_NOEXIST, BPF_EXIST. 0 or -errno; of maps with values. */
int bpf_map_update(struct bpf_map *map, const void *key, const void *value, u64 flags);
int bpf_map_delete(struct bpf_map *map, const void *key);
/* The key behind key, or the first (key NULL, or not there): 0 or -ENOENT. */
int bpf_map_next_key(const struct bpf_map *map, const void *key, void *next);

/* Socket arrays (bpf_reuseport.c). value: a descriptor of t's. */
int bpf_sockarray_update(struct task *t, struct bpf_map *map, const void *key, const void *value,
			 u64 flags);
int bpf_sockarray_delete(struct bpf_map *map, const void *key);
/* The cookie of the socket; -ENOENT, -ENOSPC. */
int bpf_sockarray_lookup(const struct bpf_map *map, const void *key, void *value);
void bpf_sockarray_clear(struct bpf_map *map);

/* ---- programs ------------------------------------------------------------------------------------ */

/* Why a program was refused, for the log that the caller may read. */
struct ebpf_log {
	char text[256];
};
void ebpf_log(struct ebpf_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Form: codes, fields that must be 0, targets of jumps, code that is never reached. 0 or -EINVAL, and
 * -EACCES for R10. (ebpf_check.c)
 */
int ebpf_check_form(const struct bpf_prog *prog, struct ebpf_log *log);
/* Where control goes behind pc: how many places, into next. */
u32 ebpf_successors(const struct bpf_prog *prog, u32 pc, u32 next[2]);
u32 ebpf_jump_target(const struct bpf_insn *f, u32 pc);
/*
 * Follows all paths: 0, -EACCES, -EINVAL or -E2BIG. leaks: the caller may read what is uninitialised
 * on the stack, and see pointers as numbers (CAP_PERFMON). (ebpf_verifier.c)
 */
int ebpf_verify(const struct bpf_prog *prog, bool leaks, struct ebpf_log *log);

/* What a load from the context gives. */
enum ebpf_ctx { EBPF_CTX_BAD = 0, EBPF_CTX_SCALAR, EBPF_CTX_DATA, EBPF_CTX_DATA_END };
enum ebpf_ctx ebpf_ctx_access(u32 type, s64 off, u32 size, bool write);

/* What a helper takes and gives; ebpf_helper.c. */
enum ebpf_arg {
	EBPF_ARG_NONE = 0,
	EBPF_ARG_CTX,
	EBPF_ARG_MAP,
	EBPF_ARG_KEY,	/* of the map before */
	EBPF_ARG_VALUE,
	EBPF_ARG_ANY,	/* a number */
	EBPF_ARG_ROOM,	/* memory to be filled in; the next argument is its size */
	EBPF_ARG_SIZE,
};
struct ebpf_helper {
	u32 id;
	bool returns_value; /* of the map, or NULL */
	u8 socket_filter, sk_reuseport;
	u8 args[5];
	bool sockarray; /* the map is one; else it is none */
};
/* NULL: there is no such helper for programs of the type. */
const struct ebpf_helper *ebpf_helper_find(u32 id, u32 prog_type);

/* One run. */
struct ebpf_run {
	const struct bpf_prog *prog;
	const struct sk_buff *skb;
	const struct sock *sk; /* whose filter it is; NULL: none */
	u32 base;
	u64 r[11];
	u8 cb[20]; /* __sk_buff.cb, of this run only */
	bool fault;
	_Alignas(8) u8 stack[EBPF_STACK];
	/* BPF_PROG_TYPE_SK_REUSEPORT */
	struct inet_sock *asked; /* a member of the group */
	struct inet_sock *selected;
	u32 hash;
};
/* Calls helper id with r[1] to r[5]; the result. */
u64 ebpf_call(struct ebpf_run *run, u32 id);
/* Copies len bytes at a program's address in or out; false: it has no such memory. */
bool ebpf_read(struct ebpf_run *run, u64 addr, void *to, u32 len);
bool ebpf_write(struct ebpf_run *run, u64 addr, const void *from, u32 len);
struct bpf_map *ebpf_map_at(struct ebpf_run *run, u64 addr);
u64 ebpf_ctx_load(struct ebpf_run *run, u32 off, u32 size);
/* The result of one operation; wide: 64 bits. Shared with the verifier, for constants. */
u64 ebpf_alu(u8 op, bool wide, s16 off, u64 dst, u64 src);
/* Runs to the end. */
u64 ebpf_prog_run(struct ebpf_run *run);

/* What a program's pointers are: a region in the upper half, an offset in the lower. */
enum ebpf_region {
	EBPF_REGION_NONE = 0,
	EBPF_REGION_STACK,
	EBPF_REGION_CTX,
	EBPF_REGION_PACKET,
	EBPF_REGION_MAP = 16,	   /* + number: the map itself */
	EBPF_REGION_VALUES = 1024, /* + number: its values */
};
static inline u64 ebpf_addr(u32 region, u32 off)
{
	return (u64)region << 32 | off;
}

/* ---- descriptors (bpf_syscall.c) ----------------------------------------------------------------- */

struct bpf_map *bpf_map_from_file(const struct file *f);
/* With a reference; -EBADF, -EINVAL. */
int bpf_prog_from_fd(struct task *t, int fd, struct bpf_prog **out);

#endif
