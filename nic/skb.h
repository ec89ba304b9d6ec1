/* SPDX-License-Identifier: MIT */
/*
 * The packet: struct sk_buff.
 *
 * Headers are real bytes in network order, held in a small linear area inside the skb, because bits on
 * a wire can flip, captures must be right, and programs may send raw frames. The payload is a list of
 * slices of immutable, reference-counted buffers: the sender's retransmit queue, the wire and the
 * receiver's queue share the same bytes. Nobody writes to a buffer once an skb that refers to it has
 * been handed on; a fault that flips bits copies the buffer first.
 *
 * Frame = linear bytes [data, tail) followed by the slices in order. skb->len counts both.
 *
 * An skb has one owner at any time: a queue, a ring, a link, a socket. skb_clone() gives a second one
 * that shares the payload. Whoever takes an skb frees it: consume_skb() when it went where it should,
 * kfree_skb_reason() when it was dropped (traced, with the place and reason).
 *
 * Checksums cost nothing while nothing is wrong: a sender leaves CHECKSUM_PARTIAL, and the bytes are
 * filled in by skb_checksum_help() when somebody looks (capture, corruption, raw socket). A frame that
 * was corrupted has CHECKSUM_NONE, and every layer then verifies.
 */
#ifndef NIC_SKB_H
#define NIC_SKB_H

#include "nic/drop_reason.h"
#include "sim/engine/list.h"
#include "sim/engine/pool.h"
#include "sim/engine/types.h"

struct host;
struct world;
struct net_device;
struct sock;

/* Immutable payload bytes. */
struct skb_buf {
	u32 refs;
	u32 size;	/* capacity of data */
	struct skb_pools *pools;
	u8 data[];
};

struct skb_frag {
	struct skb_buf *buf;
	u32 off;
	u32 len;
};

#define MAX_SKB_FRAGS 17
/* Linear area: the headroom, and as much again for headers that a receiver makes linear. */
#define SKB_HEAD_SIZE 288
/* Where data starts in a new skb: room for TCP, IPv4 (60 bytes each, with options) and Ethernet + VLAN. */
#define SKB_HEADROOM 144

enum skb_ip_summed {
	CHECKSUM_NONE = 0,    /* must be verified in software */
	CHECKSUM_UNNECESSARY, /* known to be right */
	CHECKSUM_PARTIAL,     /* as UNNECESSARY, but the field in the header is not filled in */
};

enum skb_pkt_type { PACKET_HOST = 0, PACKET_BROADCAST, PACKET_MULTICAST, PACKET_OTHERHOST, PACKET_OUTGOING, PACKET_LOOPBACK };

enum skb_gso_type { SKB_GSO_NONE = 0, SKB_GSO_TCPV4, SKB_GSO_TCPV6, SKB_GSO_UDP_L4 };

struct sk_buff {
	struct list_head node;	  /* of the queue or list that owns it */
	u64 id;			  /* host << 40 + counter; 0 until it is first sent */
	struct net_device *dev;	  /* device it leaves by or came in by */
	struct host *host;	  /* the host that holds it; NULL on a link */
	struct skb_pools *pools;  /* where it goes back to */
	struct sock *sk;	  /* owner for memory accounting; NULL when none */
	void (*destructor)(struct sk_buff *skb); /* uncharges sk */
	u32 len;		  /* whole frame, from data on */
	u32 truesize;		  /* memory that this packet costs its socket, as in Linux */
	u16 data, tail;		  /* linear bytes are head[data..tail) */
	u16 mac_header, network_header, transport_header; /* offsets into head */
	be16 protocol;		  /* EtherType */
	u8 pkt_type;
	u8 ip_summed;
	u8 nfrags;
	u8 gso_type;
	u16 gso_size;		  /* payload bytes for each segment; 0: not a super-packet */
	u16 gso_segs;
	u16 csum_start, csum_offset; /* for CHECKSUM_PARTIAL: offset into head, offset of the field */
	u32 hash;		  /* RSS or flow hash */
	bool l4_hash;		  /* hash covers ports */
	bool corrupted;		  /* a link flipped bits */
	bool ooo_okay;
	bool traced;		  /* trace_packet() has been called for it */
	bool bad_fcs;		  /* corrupted so that the frame check sequence shows it */
	u16 queue_mapping;	  /* TX: queue; RX: queue + 1 (0: none), as skb_record_rx_queue() */
	u16 vlan_tci;		  /* 0: untagged */
	u32 tx_slot;		  /* frame of a TX ring (PACKET_TX_RING) that it came from */
	u32 napi_id;
	u32 priority;
	u32 mark;
	nsec_t tstamp;		  /* RX: arrival in the host; TX: earliest departure */
	nsec_t wire_time;	  /* when the first bit left the sender; for latency */
	/* Private to the layer that holds the skb: TCP's sequence numbers, GRO's state, IP's options. */
	_Alignas(8) u8 cb[64];
	struct skb_frag frags[MAX_SKB_FRAGS];
	u8 head[SKB_HEAD_SIZE];
};

struct sk_buff_head {
	struct list_head list;
	u32 qlen;
};

/* One set of pools for a world (a partition of hosts, later). */
struct skb_pools {
	struct pool skb;
	struct pool buf[4]; /* size classes 256, 2048, 16384, 65536 (with header); larger: C heap */
	struct world *world;
	u64 packets; /* frames that reached a link or a loopback device */
	u64 dropped[SKB_DROP_REASON_MAX];
};

/* Creates w->skb; destroyed with the world. */
void skb_world_init(struct world *w);

/* An empty skb with SKB_HEADROOM bytes of headroom, host set, everything else zero. */
struct sk_buff *alloc_skb(struct host *h);
/* A second skb with the same header bytes and shared payload. No owner socket; id is kept. */
struct sk_buff *skb_clone(const struct sk_buff *skb);
/* Ends the accounting to the socket that owns skb, which then has no owner. */
static inline void skb_orphan(struct sk_buff *skb)
{
	if (skb->destructor)
		skb->destructor(skb);
	skb->destructor = NULL;
	skb->sk = NULL;
}
/* The packet reached where it should go. */
void consume_skb(struct sk_buff *skb);
/* The packet is dropped: traced with reason and place (trace_place.h), counted by reason. */
void kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason, const char *place);

static inline u8 *skb_data(struct sk_buff *skb)
{
	return skb->head + skb->data;
}
static inline u32 skb_headlen(const struct sk_buff *skb)
{
	return (u32)(skb->tail - skb->data);
}
static inline u32 skb_headroom(const struct sk_buff *skb)
{
	return skb->data;
}
static inline u8 *skb_mac_header(struct sk_buff *skb)
{
	return skb->head + skb->mac_header;
}
static inline u8 *skb_network_header(struct sk_buff *skb)
{
	return skb->head + skb->network_header;
}
static inline u8 *skb_transport_header(struct sk_buff *skb)
{
	return skb->head + skb->transport_header;
}
static inline void skb_reset_mac_header(struct sk_buff *skb)
{
	skb->mac_header = skb->data;
}
static inline void skb_reset_network_header(struct sk_buff *skb)
{
	skb->network_header = skb->data;
}
static inline void skb_reset_transport_header(struct sk_buff *skb)
{
	skb->transport_header = skb->data;
}

/* Adds n bytes in front (asserts headroom) and returns them. */
u8 *skb_push(struct sk_buff *skb, u32 n);
/* Adds n linear bytes at the end (asserts no slices and room). */
u8 *skb_put(struct sk_buff *skb, u32 n);
/* Removes n linear bytes in front, without pulling from slices; asserts n <= headlen. */
void skb_pull(struct sk_buff *skb, u32 n);
/*
 * Makes at least n bytes linear, copying from the slices; false when the frame is shorter than n or n
 * does not fit. Every parser calls it before it reads a header.
 */
bool pskb_may_pull_slow(struct sk_buff *skb, u32 n);
static inline bool pskb_may_pull(struct sk_buff *skb, u32 n)
{
	return likely(n <= skb_headlen(skb)) || pskb_may_pull_slow(skb, n);
}
/* Cuts the frame to n bytes from data on. */
void skb_trim(struct sk_buff *skb, u32 n);
/* Takes n bytes from the front, linear bytes first, then slices (advances over payload). */
void skb_eat(struct sk_buff *skb, u32 n);
/* Copies len bytes at off (from data) out; asserts that they exist. */
void skb_copy_bits(const struct sk_buff *skb, u32 off, void *to, u32 len);
/* Appends a slice, taking a new reference; merges with the last when adjacent. False: no slot left. */
bool skb_add_frag(struct sk_buff *skb, struct skb_buf *buf, u32 off, u32 len);
/* Appends a copy of bytes in a new buffer; for headers larger than the linear area and small payloads. */
void skb_add_data(struct sk_buff *skb, const void *data, u32 len);
/* Appends slices that cover [off, off+len) of from (linear part copied). False: no slot left. */
bool skb_add_range(struct sk_buff *skb, const struct sk_buff *from, u32 off, u32 len);
/* Makes all payload private and contiguous so that it may be changed (faults). */
u8 *skb_linearize_copy(struct sk_buff *skb, u32 *len);

/* A buffer of at least size bytes with one reference, content undefined; the maker fills it. */
struct skb_buf *skb_buf_alloc(struct world *w, u32 size);
static inline void skb_buf_get(struct skb_buf *b)
{
	b->refs++;
}
void skb_buf_free(struct skb_buf *b);
static inline void skb_buf_put(struct skb_buf *b)
{
	if (!--b->refs)
		skb_buf_free(b);
}

/* Queues. */
static inline void skb_queue_init(struct sk_buff_head *q)
{
	list_init(&q->list);
	q->qlen = 0;
}
static inline void skb_queue_tail(struct sk_buff_head *q, struct sk_buff *skb)
{
	list_add_tail(&skb->node, &q->list);
	q->qlen++;
}
static inline void skb_queue_head(struct sk_buff_head *q, struct sk_buff *skb)
{
	list_add(&skb->node, &q->list);
	q->qlen++;
}
/* NULL when empty. */
static inline struct sk_buff *skb_peek(const struct sk_buff_head *q)
{
	return list_empty(&q->list) ? NULL : list_first_entry(&q->list, struct sk_buff, node);
}
static inline void skb_unlink(struct sk_buff_head *q, struct sk_buff *skb)
{
	list_del_init(&skb->node);
	q->qlen--;
}
/* NULL when empty. */
static inline struct sk_buff *skb_dequeue(struct sk_buff_head *q)
{
	struct sk_buff *skb = skb_peek(q);

	if (skb)
		skb_unlink(q, skb);
	return skb;
}
/* Frees all without tracing drops. */
void skb_queue_purge(struct sk_buff_head *q);

/* Internet checksum (RFC 1071), folded sums in host order of 16-bit big-endian words. */
u32 csum_partial(const void *data, u32 len, u32 sum); /* len odd only for the last piece */
u32 skb_checksum(const struct sk_buff *skb, u32 off, u32 len, u32 sum);
u16 csum_fold(u32 sum); /* complement of the folded sum, host order; store with put_be16 */
/* Fills in the checksum of a CHECKSUM_PARTIAL skb (per segment for a super-packet: segment first). */
void skb_checksum_help(struct sk_buff *skb);
/*
 * What somebody who looks at the packet (raw and packet sockets) finds in a CHECKSUM_PARTIAL skb: what
 * the wire had, or, on its sender's host, the sum of the pseudo-header that a NIC starts from.
 */
void skb_checksum_show(struct sk_buff *skb, bool sender);

/*
 * truesize by Linux's formula: SKB_TRUESIZE(x) = x rounded up to 64 + sizeof(struct sk_buff) 232->256
 * + sizeof(struct skb_shared_info) 320, on x86-64.
 */
#define SKB_DATA_ALIGN(x) (((x) + 63u) & ~63u)
#define SKB_TRUESIZE_OVERHEAD (256u + 320u)
#define SKB_TRUESIZE(x) (SKB_DATA_ALIGN(x) + SKB_TRUESIZE_OVERHEAD)

/* Unaligned big-endian access to header bytes. */
static inline u16 get_be16(const void *p)
{
	const u8 *b = p;
	return (u16)(b[0] << 8 | b[1]);
}
static inline u32 get_be32(const void *p)
{
	const u8 *b = p;
	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}
static inline void put_be16(void *p, u16 v)
{
	u8 *b = p;
	b[0] = (u8)(v >> 8);
	b[1] = (u8)v;
}
static inline void put_be32(void *p, u32 v)
{
	u8 *b = p;
	b[0] = (u8)(v >> 24);
	b[1] = (u8)(v >> 16);
	b[2] = (u8)(v >> 8);
	b[3] = (u8)v;
}

#endif
