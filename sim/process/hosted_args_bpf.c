/* SPDX-License-Identifier: MIT */
/*
 * The argument of bpf(2): a union with pointers to instructions, a log, keys and values, whose sizes are
 * those of the map that it names. Behind the copy that the call sees stays the program's, for the way back.
 */
#include <string.h>

#include "sim/process/hosted_args.h"
#include "stack/ebpf.h"

#define ATTR_MAX 4096u
#define LICENSE_MAX 128u
#define LOG_MAX sizeof(((struct ebpf_log *)0)->text)

static const struct bpf_map *map_of(const struct args *c, u32 fd)
{
	const struct file *f =
		c->h->u ? fd_lookup(c->h->u->task->proc->files, (int)fd) : NULL;

	return f ? bpf_map_from_file(f) : NULL;
}

/* The address becomes that of a copy, filled in from the program's memory if it is read. */
static void piece_in(struct args *c, void *field, size_t size, bool read)
{
	u64 addr, copy;
	void *p;

	memcpy(&addr, field, sizeof(addr));
	if (!addr)
		return;
	p = memset(hosted_alloc(c->h, size + 1), 0, size + 1);
	if (read && size)
		args_piece(c, addr, p, size);
	copy = (u64)(uintptr_t)p;
	memcpy(field, &copy, sizeof(copy));
}

static int prog_in(struct args *c, union bpf_attr *attr)
{
	char *license = hosted_alloc(c->h, LICENSE_MAX);

	if (attr->insn_cnt && attr->insn_cnt <= EBPF_MAX_STEPS)
		piece_in(c, &attr->insns, attr->insn_cnt * sizeof(struct bpf_insn), true);
	piece_in(c, &attr->log_buf, min((size_t)attr->log_size, LOG_MAX), false);
	if (!attr->license)
		return 0;
	if (hosted_read_string(c->h, attr->license, license, LICENSE_MAX) == -EFAULT)
		return -EFAULT;
	attr->license = (u64)(uintptr_t)license;
	return 0;
}

static void element_in(struct args *c, u32 cmd, union bpf_attr *attr)
{
	const struct bpf_map *m = map_of(c, attr->map_fd);

	if (!m) /* the call says so */
		return;
	piece_in(c, &attr->key, m->key_size, true);
	if (cmd == BPF_MAP_GET_NEXT_KEY)
		piece_in(c, &attr->next_key, m->key_size, false);
	else if (cmd != BPF_MAP_DELETE_ELEM)
		piece_in(c, &attr->value, m->value_size, cmd == BPF_MAP_UPDATE_ELEM);
}

int args_bpf_in(struct args *c, const struct arg *arg, int i)
{
	u32 cmd = (u32)c->h->args[0], size = (u32)c->h->args[arg->other];
	u32 room = max(size, (u32)sizeof(union bpf_attr));
	union bpf_attr *attr;

	if (size > ATTR_MAX) /* the call refuses it unread */
		return 0;
	attr = args_room(c, i, room + sizeof(*attr));
	memset(attr, 0, room);
	if (size && hosted_read(c->h, c->h->args[i], attr, size) < 0)
		return -EFAULT;
	memcpy((u8 *)attr + room, attr, sizeof(*attr));
	switch (cmd) {
	case BPF_PROG_LOAD:
		return prog_in(c, attr);
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
		element_in(c, cmd, attr);
		return 0;
	default:
		return 0;
	}
}

int args_bpf_out(struct args *c, const struct arg *arg, int i, s64 result)
{
	u32 cmd = (u32)c->h->args[0], size = (u32)c->h->args[arg->other];
	union bpf_attr attr, user;
	const struct bpf_map *m;

	if (size > ATTR_MAX)
		return 0;
	memcpy(&attr, args_pointer(c, i), sizeof(attr));
	memcpy(&user, (u8 *)args_pointer(c, i) + max(size, (u32)sizeof(attr)), sizeof(user));
	if (cmd == BPF_PROG_LOAD && user.log_buf && attr.log_buf) {
		void *log = (void *)(uintptr_t)attr.log_buf;

		args_piece(c, user.log_buf, log, min(strlen(log) + 1, (size_t)user.log_size));
	}
	m = result < 0 || cmd == BPF_PROG_LOAD ? NULL : map_of(c, attr.map_fd);
	if (m && cmd == BPF_MAP_LOOKUP_ELEM)
		args_piece(c, user.value, (void *)(uintptr_t)attr.value, m->value_size);
	else if (m && cmd == BPF_MAP_GET_NEXT_KEY)
		args_piece(c, user.next_key, (void *)(uintptr_t)attr.next_key, m->key_size);
	return 0;
}
