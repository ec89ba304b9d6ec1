/* SPDX-License-Identifier: MIT */
/*
 * bpf(2): maps and programs as descriptors. Served: BPF_MAP_CREATE, BPF_MAP_LOOKUP_ELEM,
 * BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_PROG_LOAD; other commands are
 * EINVAL. kernel.unprivileged_bpf_disabled is 2, as in Linux 6.18 by default: without CAP_BPF nothing is
 * made.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/capability.h"
#include "stack/ebpf.h"
#include "stack/sock.h"
#include "stack/syscalls.h"

#define INSNS_MAX 1000000u

/* ---- descriptors --------------------------------------------------------------------------------- */

static s64 map_release(struct task *t, struct file *f)
{
	bpf_map_put(f->priv);
	return 0;
}

static s64 prog_release(struct task *t, struct file *f)
{
	bpf_prog_put(f->priv);
	return 0;
}

static const struct file_ops bpf_map_fops = { .kind = "bpf-map", .release = map_release };
static const struct file_ops bpf_prog_fops = { .kind = "bpf-prog", .release = prog_release };

static s64 install(struct task *t, const struct file_ops *ops, void *priv)
{
	struct file *f = file_new(t->host, ops, priv, O_RDWR, 0600);
	int fd = fd_install(t, f, 0, true);

	if (fd < 0)
		file_put(NULL, f);
	return fd;
}

struct bpf_map *bpf_map_from_file(const struct file *f)
{
	return f->ops == &bpf_map_fops ? f->priv : NULL;
}

int bpf_prog_from_fd(struct task *t, int fd, struct bpf_prog **out)
{
	const struct file *f = fd_lookup(t->proc->files, fd);

	if (!f)
		return -EBADF;
	if (f->ops != &bpf_prog_fops)
		return -EINVAL;
	*out = f->priv;
	bpf_prog_get(*out);
	return 0;
}

static struct bpf_map *map_from_fd(struct task *t, u32 fd, s64 *err)
{
	const struct file *f = fd_lookup(t->proc->files, (int)fd);
	struct bpf_map *m = f ? bpf_map_from_file(f) : NULL;

	*err = !f ? -EBADF : !m ? -EINVAL : 0;
	return m;
}

/* ---- maps ---------------------------------------------------------------------------------------- */

static s64 map_create(struct task *t, const union bpf_attr *attr)
{
	struct bpf_map *m;
	int err;

	if (!capable(t, CAP_BPF) && !capable(t, CAP_SYS_ADMIN))
		return -EPERM;
	err = bpf_map_create(attr, &m);
	return err ? err : install(t, &bpf_map_fops, m);
}

static void *user(u64 p)
{
	return (void *)(uintptr_t)p;
}

static s64 map_lookup(const struct bpf_map *m, const void *key, void *value)
{
	s64 slot;

	if (m->socks)
		return bpf_sockarray_lookup(m, key, value);
	slot = bpf_map_find(m, key);
	if (slot < 0)
		return -ENOENT;
	memcpy(value, bpf_map_value(m, (u32)slot), m->value_size);
	return 0;
}

static s64 map_element(struct task *t, int cmd, const union bpf_attr *attr)
{
	void *key = user(attr->key), *value = user(attr->value);
	struct bpf_map *m;
	s64 err;

	if (cmd != BPF_MAP_UPDATE_ELEM && attr->flags)
		return -EINVAL;
	m = map_from_fd(t, attr->map_fd, &err);
	if (!m)
		return err;
	if ((!key && cmd != BPF_MAP_GET_NEXT_KEY) || (!value && cmd != BPF_MAP_DELETE_ELEM))
		return -EFAULT;
	switch (cmd) {
	case BPF_MAP_LOOKUP_ELEM:
		return map_lookup(m, key, value);
	case BPF_MAP_UPDATE_ELEM:
		return m->socks ? bpf_sockarray_update(t, m, key, value, attr->flags) :
				  bpf_map_update(m, key, value, attr->flags);
	case BPF_MAP_DELETE_ELEM:
		return m->socks ? bpf_sockarray_delete(m, key) : bpf_map_delete(m, key);
	default:
		return bpf_map_next_key(m, key, value);
	}
}

/* ---- programs ------------------------------------------------------------------------------------ */

static s64 add_map(struct bpf_prog *prog, struct bpf_map *m)
{
	for (u32 i = 0; i < prog->nmaps; i++) {
		if (prog->maps[i] == m)
			return i;
	}
	if (prog->nmaps == EBPF_MAX_MAPS)
		return -E2BIG;
	prog->maps[prog->nmaps] = m;
	m->refs++;
	return prog->nmaps++;
}

/* Descriptors of maps in instructions become numbers; the form of the rest is checked later. */
static s64 resolve_maps(struct task *t, struct bpf_prog *prog, struct ebpf_log *log)
{
	for (u32 pc = 0; pc + 1 < prog->len; pc++) {
		struct bpf_insn *f = &prog->code[pc];
		struct bpf_map *m;
		s64 n;

		if (f->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		pc++;
		if (f->src_reg != BPF_PSEUDO_MAP_FD && f->src_reg != BPF_PSEUDO_MAP_VALUE)
			continue;
		m = map_from_fd(t, (u32)f->imm, &n);
		if (!m) {
			ebpf_log(log, "fd %d is not pointing to valid bpf_map\n", f->imm);
			return n;
		}
		if (f->src_reg == BPF_PSEUDO_MAP_VALUE &&
		    (m->type != BPF_MAP_TYPE_ARRAY || m->max_entries != 1 ||
		     (u32)f[1].imm >= m->value_size)) {
			ebpf_log(log, "invalid access to map value pointer\n");
			return -EINVAL;
		}
		n = add_map(prog, m);
		if (n < 0)
			return n;
		f->imm = (s32)n;
	}
	return 0;
}

static s64 check_prog(struct task *t, struct bpf_prog *prog, struct ebpf_log *log)
{
	s64 err = resolve_maps(t, prog, log);

	if (!err)
		err = ebpf_check_form(prog, log);
	if (!err)
		err = ebpf_verify(prog, capable(t, CAP_PERFMON) || capable(t, CAP_SYS_ADMIN), log);
	return err;
}

static s64 check_attr(struct task *t, const union bpf_attr *attr)
{
	if (attr->prog_flags & ~(u32)(BPF_F_STRICT_ALIGNMENT | BPF_F_ANY_ALIGNMENT))
		return -EINVAL;
	if (!capable(t, CAP_BPF) && !capable(t, CAP_SYS_ADMIN))
		return -EPERM;
	if (!attr->insn_cnt || attr->insn_cnt > INSNS_MAX)
		return -E2BIG;
	if (attr->prog_type != BPF_PROG_TYPE_SOCKET_FILTER &&
	    attr->prog_type != BPF_PROG_TYPE_SK_REUSEPORT)
		return -EINVAL;
	if (!attr->insns || !attr->license)
		return -EFAULT;
	/* A log takes a level, a place and a size, or none of them. */
	if (!attr->log_level != !attr->log_buf || !attr->log_buf != !attr->log_size)
		return -EINVAL;
	return 0;
}

static s64 write_log(const union bpf_attr *attr, const struct ebpf_log *log, s64 err)
{
	size_t len = strlen(log->text) + 1;

	if (!attr->log_buf)
		return err;
	if (len > attr->log_size)
		return -ENOSPC;
	memcpy(user(attr->log_buf), log->text, len);
	return err;
}

static s64 prog_load(struct task *t, const union bpf_attr *attr)
{
	struct ebpf_log log = { .text = "" };
	struct bpf_prog *prog;
	s64 err = check_attr(t, attr);

	if (err)
		return err;
	prog = xcalloc(1, sizeof(*prog));
	prog->refs = 1;
	prog->type = attr->prog_type;
	prog->len = attr->insn_cnt;
	prog->size = bpf_prog_size(prog->len);
	prog->code = xcalloc(prog->len, sizeof(*prog->code));
	prog->maps = xcalloc(EBPF_MAX_MAPS, sizeof(struct bpf_map *));
	memcpy(prog->code, user(attr->insns), prog->len * sizeof(*prog->code));
	err = write_log(attr, &log, check_prog(t, prog, &log));
	if (!err)
		return install(t, &bpf_prog_fops, prog);
	bpf_prog_put(prog);
	return err;
}

/* attr has size bytes; what is behind those that are known here must be 0. */
s64 sys_bpf(struct task *t, int cmd, const void *attr_bytes, u32 size)
{
	union bpf_attr attr = { 0 };
	const u8 *bytes = attr_bytes;

	if (size > 4096)
		return -E2BIG;
	if (size && !bytes)
		return -EFAULT;
	for (u32 i = sizeof(attr); i < size; i++) {
		if (bytes[i])
			return -E2BIG;
	}
	if (size)
		memcpy(&attr, bytes, min((size_t)size, sizeof(attr)));
	switch (cmd) {
	case BPF_MAP_CREATE:
		return map_create(t, &attr);
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
		return map_element(t, cmd, &attr);
	case BPF_PROG_LOAD:
		return prog_load(t, &attr);
	default:
		return -EINVAL;
	}
}
