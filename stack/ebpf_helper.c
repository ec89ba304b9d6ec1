/* SPDX-License-Identifier: MIT */
/*
 * What extended programs can reach beside their registers: the context (struct __sk_buff, struct
 * sk_reuseport_md; linux/bpf.h) and helper functions (bpf-helpers(7)).
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "nic/netdev.h"
#include "sim/host/host.h"
#include "stack/ebpf.h"
#include "stack/inet.h"

/* ---- the context --------------------------------------------------------------------------------- */

#define SKB_FIELD(f) offsetof(struct __sk_buff, f)
#define MD_FIELD(f) offsetof(struct sk_reuseport_md, f)

/* Words of struct __sk_buff that a socket filter may read. */
static bool skb_field_readable(u32 off)
{
	switch (off & ~3u) {
	case SKB_FIELD(len):
	case SKB_FIELD(pkt_type):
	case SKB_FIELD(mark):
	case SKB_FIELD(queue_mapping):
	case SKB_FIELD(protocol):
	case SKB_FIELD(vlan_present):
	case SKB_FIELD(vlan_tci):
	case SKB_FIELD(vlan_proto):
	case SKB_FIELD(priority):
	case SKB_FIELD(ingress_ifindex):
	case SKB_FIELD(ifindex):
	case SKB_FIELD(tc_index):
	case SKB_FIELD(hash):
	case SKB_FIELD(napi_id):
	case SKB_FIELD(gso_segs):
	case SKB_FIELD(gso_size):
		return true;
	default:
		return false;
	}
}

static enum ebpf_ctx skb_access(u32 off, u32 size, bool write)
{
	u32 cb = off - (u32)SKB_FIELD(cb);

	if (cb < 20)
		return cb + size <= 20 ? EBPF_CTX_SCALAR : EBPF_CTX_BAD;
	return !write && size <= 4 && skb_field_readable(off) ? EBPF_CTX_SCALAR : EBPF_CTX_BAD;
}

static enum ebpf_ctx reuseport_access(u32 off, u32 size, bool write)
{
	if (write)
		return EBPF_CTX_BAD;
	switch (off & ~3u) {
	case MD_FIELD(data):
		return size == 8 ? EBPF_CTX_DATA : EBPF_CTX_BAD;
	case MD_FIELD(data_end):
		return size == 8 ? EBPF_CTX_DATA_END : EBPF_CTX_BAD;
	case MD_FIELD(ip_protocol):
	case MD_FIELD(bind_inany):
	case MD_FIELD(len):
		return size <= 4 ? EBPF_CTX_SCALAR : EBPF_CTX_BAD;
	case MD_FIELD(hash):
		return size == 4 ? EBPF_CTX_SCALAR : EBPF_CTX_BAD;
	case MD_FIELD(eth_protocol):
		return size == 2 || size == 4 ? EBPF_CTX_SCALAR : EBPF_CTX_BAD;
	default:
		return EBPF_CTX_BAD;
	}
}

enum ebpf_ctx ebpf_ctx_access(u32 type, s64 off, u32 size, bool write)
{
	s64 end = type == BPF_PROG_TYPE_SK_REUSEPORT ? (s64)sizeof(struct sk_reuseport_md) :
						       (s64)sizeof(struct __sk_buff);

	if (off < 0 || off + size > end || off % size)
		return EBPF_CTX_BAD;
	return type == BPF_PROG_TYPE_SK_REUSEPORT ? reuseport_access((u32)off, size, write) :
						    skb_access((u32)off, size, write);
}

static u32 skb_word(const struct sk_buff *skb, u32 base, u32 off)
{
	switch (off) {
	case SKB_FIELD(len):
		return skb->len - base;
	case SKB_FIELD(pkt_type):
		return skb->pkt_type & 7;
	case SKB_FIELD(mark):
		return skb->mark;
	case SKB_FIELD(queue_mapping):
		return skb->queue_mapping;
	case SKB_FIELD(protocol):
		return skb->protocol;
	case SKB_FIELD(vlan_present):
		return skb->vlan_tci != 0;
	case SKB_FIELD(vlan_tci):
		return skb->vlan_tci;
	case SKB_FIELD(vlan_proto):
		return skb->vlan_tci ? htons(ETH_P_8021Q) : 0;
	case SKB_FIELD(priority):
		return skb->priority;
	case SKB_FIELD(ingress_ifindex):
	case SKB_FIELD(ifindex):
		return skb->dev ? (u32)skb->dev->ifindex : 0;
	case SKB_FIELD(hash):
		return skb->hash;
	case SKB_FIELD(napi_id):
		return skb->napi_id;
	case SKB_FIELD(gso_segs):
		return skb->gso_segs;
	case SKB_FIELD(gso_size):
		return skb->gso_size;
	default: /* tc_index: nothing here sets it */
		return 0;
	}
}

static u32 md_word(const struct ebpf_run *run, u32 off)
{
	const struct sk_buff *skb = run->skb;

	switch (off) {
	case MD_FIELD(len):
		return skb->len - run->base;
	case MD_FIELD(eth_protocol):
		return skb->protocol;
	case MD_FIELD(ip_protocol):
		return run->asked->sk.protocol;
	case MD_FIELD(bind_inany):
		return ipaddr_is_any(&run->asked->rcv_saddr);
	default:
		return run->hash;
	}
}

/* A part of a word is what is there in memory. */
u64 ebpf_ctx_load(struct ebpf_run *run, u32 off, u32 size)
{
	bool reuseport = run->prog->type == BPF_PROG_TYPE_SK_REUSEPORT;
	u32 cb = off - (u32)SKB_FIELD(cb), word;
	u64 v = 0;

	if (reuseport && off == MD_FIELD(data))
		return ebpf_addr(EBPF_REGION_PACKET, 0);
	if (reuseport && off == MD_FIELD(data_end))
		return ebpf_addr(EBPF_REGION_PACKET, run->skb->len - run->base);
	if (!reuseport && cb + (u64)size <= sizeof(run->cb)) {
		memcpy(&v, run->cb + cb, size);
		return v;
	}
	word = reuseport ? md_word(run, off & ~3u) : skb_word(run->skb, run->base, off & ~3u);
	word >>= (off & 3) * 8;
	return size >= 4 ? word : word & ((1u << size * 8) - 1);
}

/* ---- helpers ------------------------------------------------------------------------------------- */

#define BOTH 1, 1
#define FILTER_ONLY 1, 0
#define REUSEPORT_ONLY 0, 1

static const struct ebpf_helper helpers[] = {
	{ BPF_FUNC_map_lookup_elem, true, BOTH, { EBPF_ARG_MAP, EBPF_ARG_KEY } },
	{ BPF_FUNC_map_update_elem, false, BOTH,
	  { EBPF_ARG_MAP, EBPF_ARG_KEY, EBPF_ARG_VALUE, EBPF_ARG_ANY } },
	{ BPF_FUNC_map_delete_elem, false, BOTH, { EBPF_ARG_MAP, EBPF_ARG_KEY } },
	{ BPF_FUNC_ktime_get_ns, false, BOTH },
	{ BPF_FUNC_ktime_get_boot_ns, false, BOTH },
	{ BPF_FUNC_get_prandom_u32, false, BOTH },
	{ BPF_FUNC_get_smp_processor_id, false, BOTH },
	{ BPF_FUNC_get_numa_node_id, false, BOTH },
	{ BPF_FUNC_skb_load_bytes, false, BOTH,
	  { EBPF_ARG_CTX, EBPF_ARG_ANY, EBPF_ARG_ROOM, EBPF_ARG_SIZE } },
	{ BPF_FUNC_skb_load_bytes_relative, false, BOTH,
	  { EBPF_ARG_CTX, EBPF_ARG_ANY, EBPF_ARG_ROOM, EBPF_ARG_SIZE, EBPF_ARG_ANY } },
	{ BPF_FUNC_get_socket_cookie, false, FILTER_ONLY, { EBPF_ARG_CTX } },
	{ BPF_FUNC_get_socket_uid, false, FILTER_ONLY, { EBPF_ARG_CTX } },
	{ BPF_FUNC_sk_select_reuseport, false, REUSEPORT_ONLY,
	  { EBPF_ARG_CTX, EBPF_ARG_MAP, EBPF_ARG_KEY, EBPF_ARG_ANY }, .sockarray = true },
};

const struct ebpf_helper *ebpf_helper_find(u32 id, u32 prog_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		bool ok = prog_type == BPF_PROG_TYPE_SK_REUSEPORT ? helpers[i].sk_reuseport :
								    helpers[i].socket_filter;

		if (helpers[i].id == id)
			return ok ? &helpers[i] : NULL;
	}
	return NULL;
}

/* A copy of what the program has at addr; NULL: the verifier was wrong. */
static void *copy_in(struct ebpf_run *run, u64 addr, u32 len)
{
	void *p = xcalloc(1, len);

	if (ebpf_read(run, addr, p, len))
		return p;
	free(p);
	run->fault = true;
	return NULL;
}

/* The map in r[reg], with the key that r[reg + 1] points to; NULL: none. */
static struct bpf_map *map_and_key(struct ebpf_run *run, u32 reg, void **key)
{
	struct bpf_map *m = ebpf_map_at(run, run->r[reg]);

	run->fault = !m;
	*key = m ? copy_in(run, run->r[reg + 1], m->key_size) : NULL;
	return *key ? m : NULL;
}

static u64 map_lookup(struct ebpf_run *run)
{
	void *key;
	struct bpf_map *m = map_and_key(run, 1, &key);
	s64 slot = m ? bpf_map_find(m, key) : -1;

	free(key);
	return slot < 0 ? 0 :
			  ebpf_addr(EBPF_REGION_VALUES + (u32)(run->r[1] >> 32) - EBPF_REGION_MAP,
				    (u32)slot * m->stride);
}

static u64 map_update(struct ebpf_run *run)
{
	void *key, *value;
	struct bpf_map *m = map_and_key(run, 1, &key);
	s64 ret = 0;

	value = m ? copy_in(run, run->r[3], m->value_size) : NULL;
	if (value)
		ret = bpf_map_update(m, key, value, run->r[4]);
	free(value);
	free(key);
	return (u64)ret;
}

static u64 map_delete(struct ebpf_run *run)
{
	void *key;
	struct bpf_map *m = map_and_key(run, 1, &key);
	s64 ret = m ? bpf_map_delete(m, key) : 0;

	free(key);
	return (u64)ret;
}

/* off: from data + base. What could not be read is filled with zeros. */
static u64 load_bytes(struct ebpf_run *run, s64 off)
{
	u32 len = (u32)run->r[4];
	u8 *buf = xcalloc(1, len + 1);
	bool ok = off >= -(s64)run->skb->data && bpf_load_bytes(run->skb, off, buf, len);

	run->fault = !ebpf_write(run, run->r[3], buf, len);
	free(buf);
	return ok ? 0 : (u64)-EFAULT;
}

static u64 skb_load_bytes(struct ebpf_run *run)
{
	u64 off = (u32)run->r[2];

	return load_bytes(run, off > INT32_MAX ? INT64_MIN : (s64)off + run->base);
}

static u64 skb_load_bytes_relative(struct ebpf_run *run)
{
	const struct sk_buff *skb = run->skb;
	u32 off = (u32)run->r[2];
	s64 at = INT64_MIN;

	if (skb->dev && off <= 0xffff && run->r[5] == BPF_HDR_START_MAC)
		at = (s64)skb->mac_header - skb->data + off;
	else if (off <= 0xffff && run->r[5] == BPF_HDR_START_NET)
		at = (skb->dev ? (s64)skb->network_header - skb->data : 0) + off;
	return load_bytes(run, at);
}

/* The socket that the filter is on, while it runs: sk_filter_trim_cap(). */
static u64 socket_uid(const struct sock *sk)
{
	return sk ? sk->uid : 65534;
}

static u64 select_reuseport(struct ebpf_run *run)
{
	void *key;
	struct bpf_map *m = map_and_key(run, 2, &key);
	s64 slot = m ? bpf_map_find(m, key) : -1;
	struct inet_sock *picked = slot < 0 ? NULL : m->socks[slot];

	free(key);
	if (run->r[4])
		return (u64)-EINVAL;
	if (!picked || !picked->reuse_group)
		return (u64)-ENOENT;
	if (picked->reuse_group != run->asked->reuse_group) {
		if (picked->sk.protocol != run->asked->sk.protocol)
			return (u64)-EPROTOTYPE;
		if (picked->sk.family != run->asked->sk.family)
			return (u64)-EAFNOSUPPORT;
		return (u64)-EBADFD;
	}
	run->selected = picked;
	return 0;
}

u64 ebpf_call(struct ebpf_run *run, u32 id)
{
	struct host *host = run->skb->host;

	switch (id) {
	case BPF_FUNC_map_lookup_elem:
		return map_lookup(run);
	case BPF_FUNC_map_update_elem:
		return map_update(run);
	case BPF_FUNC_map_delete_elem:
		return map_delete(run);
	case BPF_FUNC_ktime_get_ns:
	case BPF_FUNC_ktime_get_boot_ns:
		return (u64)host_now(host);
	case BPF_FUNC_get_prandom_u32:
		return rng_u32(&host->net->rng_bpf);
	case BPF_FUNC_get_smp_processor_id:
		return (u64)cpu_current(host)->id;
	case BPF_FUNC_get_numa_node_id:
		return 0;
	case BPF_FUNC_skb_load_bytes:
		return skb_load_bytes(run);
	case BPF_FUNC_skb_load_bytes_relative:
		return skb_load_bytes_relative(run);
	case BPF_FUNC_get_socket_cookie:
		return run->sk ? run->sk->cookie : 0;
	case BPF_FUNC_get_socket_uid:
		return socket_uid(run->sk);
	case BPF_FUNC_sk_select_reuseport:
		return select_reuseport(run);
	default:
		run->fault = true;
		return 0;
	}
}
