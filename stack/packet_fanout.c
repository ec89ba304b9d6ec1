/* SPDX-License-Identifier: MIT */
/*
 * Groups of packet sockets that share the packets of a device and protocol (packet(7), PACKET_FANOUT).
 *
 * The group is the tap; each packet goes to one member: by flow hash, in turns, by CPU, by chance, by RX
 * queue, by a BPF program, or to the first that has room. A member that leaves is replaced by the last one. With
 * PACKET_FANOUT_FLAG_ROLLOVER a packet whose member is full goes to another.
 */
#include <stdlib.h>
#include <string.h>

#include "nic/tx.h"
#include "sim/engine/rng.h"
#include "sim/host/cpu.h"
#include "stack/af_packet.h"
#include "stack/bpf.h"
#include "stack/ebpf.h"

#define FANOUT_MAX 256u /* members, unless the first asks for another number */
#define FANOUT_LIMIT (1u << 16)
#define KNOWN_FLAGS                                                                                \
	(PACKET_FANOUT_FLAG_ROLLOVER | PACKET_FANOUT_FLAG_UNIQUEID |                               \
	 PACKET_FANOUT_FLAG_IGNORE_OUTGOING)

struct packet_fanout {
	struct list_head node; /* net->packet_fanouts, in order of creation */
	struct packet_type hook;
	u16 id;
	u8 type;
	u8 flags; /* the upper byte of the option's */
	u32 max, users;
	u32 turn;
	struct bpf_prog *prog; /* PACKET_FANOUT_CBPF, _EBPF: its result picks; NULL: the first member */
	struct packet_sock **member; /* those that receive */
	u32 n, cap;
};

/* ---- who gets it ------------------------------------------------------------------------------- */

static bool flow_is_huge(struct packet_rollover *r, struct net *net, u32 hash)
{
	u32 count = 0, n = ARRAY_SIZE(r->history);

	for (u32 i = 0; i < n; i++)
		count += r->history[i] == hash;
	r->history[rng_below(&net->rng_misc, n)] = hash;
	return count > n >> 1;
}

static u32 demux_rollover(struct packet_fanout *f, struct sk_buff *skb, u32 idx, bool try_self)
{
	struct packet_sock *po = f->member[idx], *skip = NULL;
	struct packet_rollover *r = po->rollover;
	enum packet_room room;
	u32 first, i;

	if (try_self) {
		room = packet_room(po, skb);
		if (room == ROOM_NORMAL ||
		    (room == ROOM_LOW && !flow_is_huge(r, po->sk.net, skb_get_hash(skb))))
			return idx;
		skip = po;
		if (room == ROOM_LOW)
			r->num_huge++;
	}
	first = i = min(r->sock, f->n - 1);
	do {
		struct packet_sock *next = f->member[i];

		if (next != skip && !next->pressure) {
			if (packet_room(next, skb) == ROOM_NORMAL) {
				r->sock = i;
				r->num++;
				return i;
			}
			next->pressure = true;
		}
		if (++i == f->n)
			i = 0;
	} while (i != first);
	r->num_failed++;
	return idx;
}

static u32 demux(struct packet_fanout *f, struct sk_buff *skb, struct net_device *dev)
{
	switch (f->type) {
	case PACKET_FANOUT_LB:
		return ++f->turn % f->n;
	case PACKET_FANOUT_CPU:
		return (u32)cpu_current(dev->host)->id % f->n;
	case PACKET_FANOUT_RND:
		return rng_below(&dev->host->net->rng_misc, f->n);
	case PACKET_FANOUT_QM:
		return skb->queue_mapping % f->n;
	case PACKET_FANOUT_CBPF:
	case PACKET_FANOUT_EBPF:
		return f->prog ? bpf_prog_run(f->prog, skb, 0) % f->n : 0;
	case PACKET_FANOUT_ROLLOVER:
		return demux_rollover(f, skb, 0, false);
	default:
		return (u32)((u64)skb_get_hash_symmetric(skb) * f->n >> 32);
	}
}

static void fanout_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt)
{
	struct packet_fanout *f = pt->priv;
	struct packet_sock *po;
	u32 idx;

	if (!f->n) {
		consume_skb(skb);
		return;
	}
	idx = demux(f, skb, dev);
	if (f->flags & PACKET_FANOUT_FLAG_ROLLOVER >> 8)
		idx = demux_rollover(f, skb, idx, true);
	po = f->member[idx];
	po->hook.func(skb, dev, &po->hook);
}

/* A group does not hear its members. */
static bool fanout_match(const struct packet_type *pt, const struct sock *sk)
{
	return sk->family == AF_PACKET && ((const struct packet_sock *)sk)->fanout == pt->priv;
}

/* ---- members ----------------------------------------------------------------------------------- */

void packet_fanout_link(struct packet_sock *po)
{
	struct packet_fanout *f = po->fanout;

	if (f->n == f->cap) {
		f->cap = max(2 * f->cap, 8u);
		f->member = xrealloc(f->member, f->cap * sizeof(struct packet_sock *));
	}
	f->member[f->n++] = po;
	if (f->n == 1)
		dev_add_pack(po->sk.host, &f->hook);
}

void packet_fanout_unlink(struct packet_sock *po)
{
	struct packet_fanout *f = po->fanout;
	u32 i = 0;

	while (f->member[i] != po)
		i++;
	f->member[i] = f->member[--f->n];
	if (!f->n && po->sk.host->netdevs)
		dev_remove_pack(po->sk.host, &f->hook);
}

static struct packet_fanout *find(struct net *net, u16 id)
{
	struct packet_fanout *f;

	list_for_each_entry(f, &net->packet_fanouts, node) {
		if (f->id == id)
			return f;
	}
	return NULL;
}

static s64 parse(const void *val, socklen_t len, struct fanout_args *a)
{
	memset(a, 0, sizeof(*a));
	if (len != sizeof(int) && len != sizeof(*a))
		return -EINVAL;
	if (!val)
		return -EFAULT;
	memcpy(a, val, len);
	if ((a->type_flags & 0xff00) & ~KNOWN_FLAGS)
		return -EINVAL;
	switch (a->type_flags & 0xff) {
	case PACKET_FANOUT_ROLLOVER:
		return a->type_flags & PACKET_FANOUT_FLAG_ROLLOVER ? -EINVAL : 0;
	case PACKET_FANOUT_HASH:
	case PACKET_FANOUT_LB:
	case PACKET_FANOUT_CPU:
	case PACKET_FANOUT_RND:
	case PACKET_FANOUT_QM:
	case PACKET_FANOUT_CBPF:
	case PACKET_FANOUT_EBPF:
		return 0;
	default:
		return -EINVAL;
	}
}

static struct packet_fanout *group_new(struct packet_sock *po, const struct fanout_args *a,
				       u8 flags)
{
	struct packet_fanout *f = xcalloc(1, sizeof(*f));

	f->id = a->id;
	f->type = (u8)a->type_flags;
	f->flags = flags;
	f->max = a->max_num_members ? a->max_num_members : FANOUT_MAX;
	f->hook.type = po->hook.type;
	f->hook.dev = po->hook.dev;
	f->hook.func = fanout_rcv;
	f->hook.priv = f;
	f->hook.id_match = fanout_match;
	f->hook.ignore_outgoing = a->type_flags & PACKET_FANOUT_FLAG_IGNORE_OUTGOING;
	list_add_tail(&f->node, &po->sk.net->packet_fanouts);
	return f;
}

static void group_put(struct packet_fanout *f)
{
	if (f->users)
		return;
	list_del_init(&f->node);
	bpf_prog_put(f->prog);
	free(f->member);
	free(f);
}

static s64 unique_id(struct packet_sock *po, struct fanout_args *a)
{
	if (a->id)
		return -EINVAL;
	for (u32 id = 0; id <= UINT16_MAX; id++) {
		if (!find(po->sk.net, (u16)id)) {
			a->id = (u16)id;
			return 0;
		}
	}
	return -ENOMEM;
}

static s64 join(struct packet_sock *po, struct packet_fanout *f, const struct fanout_args *a)
{
	if (!po->num || f->type != (u8)a->type_flags || f->hook.type != po->hook.type ||
	    f->hook.dev != po->hook.dev)
		return -EINVAL;
	if (f->users >= f->max)
		return -ENOSPC;
	f->users++;
	if (f->type == PACKET_FANOUT_ROLLOVER || f->flags & PACKET_FANOUT_FLAG_ROLLOVER >> 8)
		po->rollover = xcalloc(1, sizeof(*po->rollover));
	if (po->running) {
		packet_unregister_hook(po);
		po->fanout = f;
		packet_register_hook(po);
	} else {
		po->fanout = f;
	}
	return 0;
}

s64 packet_fanout_add(struct packet_sock *po, const void *val, socklen_t len)
{
	struct packet_fanout *f;
	struct fanout_args a;
	s64 err = parse(val, len, &a);
	u8 flags = (u8)((a.type_flags & ~PACKET_FANOUT_FLAG_UNIQUEID) >> 8);

	if (err)
		return err;
	if (po->fanout)
		return -EALREADY;
	if (a.type_flags & PACKET_FANOUT_FLAG_UNIQUEID) {
		err = unique_id(po, &a);
		if (err)
			return err;
	}
	f = find(po->sk.net, a.id);
	if (f) {
		if (f->flags != flags || (a.max_num_members && a.max_num_members != f->max))
			return -EINVAL;
	} else {
		if (a.max_num_members > FANOUT_LIMIT)
			return -EINVAL;
		f = group_new(po, &a, flags);
	}
	err = join(po, f, &a);
	group_put(f);
	return err;
}

static int classic_program(const void *val, socklen_t len, struct bpf_prog **prog)
{
	struct sock_fprog fprog;

	if (len != sizeof(fprog))
		return -EINVAL;
	memcpy(&fprog, val, sizeof(fprog));
	return bpf_prog_create(&fprog, prog);
}

static int extended_program(struct task *t, const void *val, socklen_t len, struct bpf_prog **prog)
{
	int fd, err;

	if (len != sizeof(fd))
		return -EINVAL;
	memcpy(&fd, val, sizeof(fd));
	err = bpf_prog_from_fd(t, fd, prog);
	if (!err && (*prog)->type != BPF_PROG_TYPE_SOCKET_FILTER) {
		bpf_prog_put(*prog);
		err = -EINVAL;
	}
	return err;
}

s64 packet_fanout_set_data(struct task *t, struct packet_sock *po, const void *val, socklen_t len)
{
	struct packet_fanout *f = po->fanout;
	struct bpf_prog *prog;
	int err;

	if (!f || (f->type != PACKET_FANOUT_CBPF && f->type != PACKET_FANOUT_EBPF))
		return -EINVAL;
	if (po->sk.filter_locked)
		return -EPERM;
	err = f->type == PACKET_FANOUT_CBPF ? classic_program(val, len, &prog) :
					      extended_program(t, val, len, &prog);
	if (err)
		return err;
	bpf_prog_put(f->prog);
	f->prog = prog;
	return 0;
}

int packet_fanout_get(const struct packet_sock *po)
{
	const struct packet_fanout *f = po->fanout;

	return f ? (int)(f->id | (u32)f->type << 16 | (u32)f->flags << 24) : 0;
}

void packet_fanout_release(struct packet_sock *po)
{
	struct packet_fanout *f = po->fanout;

	free(po->rollover);
	po->rollover = NULL;
	po->fanout = NULL;
	if (!f)
		return;
	f->users--;
	group_put(f);
}
