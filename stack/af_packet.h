/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets (packet(7), Documentation/networking/packet_mmap.rst): frames as devices have them.
 *
 *   af_packet.c       life, bind(2), the tap: from the device to the queue, recvmsg(2)
 *   packet_send.c     sendmsg(2)
 *   packet_sockopt.c  options, memberships of devices
 *   packet_fanout.c   groups of sockets that share packets (PACKET_FANOUT)
 *   packet_ring.h     rings in memory that the program shares: the map of those files
 *   packet_diag.c     what ss -0 is told
 *
 * A socket that receives is a packet_type (nic/netdev.h): with ETH_P_ALL it sees both directions, with
 * another protocol what comes in. A host without one looks at an empty list.
 *
 * Not there, and refused: SOCK_PACKET (ESOCKTNOSUPPORT), PACKET_VNET_HDR (ENOPROTOOPT),
 * PACKET_FANOUT_FLAG_DEFRAG (EINVAL).
 */
#ifndef STACK_AF_PACKET_H
#define STACK_AF_PACKET_H

#include "stack/sock.h"

#include <linux/if_packet.h> /* after nic/skb.h, whose PACKET_HOST... are an enum */

#include "sim/host/timer.h"

/* Newer than the oldest headers that this builds with. */
#ifndef TP_STATUS_GSO_TCP
#define TP_STATUS_GSO_TCP (1 << 8)
#endif
#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

struct packet_fanout;
struct packet_ring;

/* A membership of a device: PACKET_ADD_MEMBERSHIP. */
struct packet_mclist {
	struct packet_mclist *next;
	int ifindex, count;
	u16 type, alen;
	u8 addr[8];
};

/* Where a PACKET_FANOUT_FLAG_ROLLOVER member looks first, and what it has counted. */
struct packet_rollover {
	u32 sock;
	u64 num, num_huge, num_failed;
	u32 history[16]; /* hashes of flows seen last */
};

struct packet_sock {
	struct sock sk; /* first */
	struct packet_type hook;
	bool running; /* hook, or the fanout group's, is registered */
	be16 num;     /* protocol, network order */
	int ifindex;  /* bound to; 0: any */
	u32 tp_packets, tp_drops, tp_freezes;
	bool auxdata, origdev, ignore_outgoing, loss, tx_has_off, qdisc_bypass, pressure;
	int copy_thresh, version, tstamp;
	u32 reserve;
	struct packet_mclist *mclist;
	struct packet_fanout *fanout;
	struct packet_rollover *rollover;
	struct packet_ring *rx, *tx; /* NULL: none */
	int ring_fd;		     /* memory of both, as programs map it; -1: none */
	u8 *ring_mem;
	u64 ring_len;
};

static inline struct packet_sock *pkt_sk(struct sock *sk)
{
	return (struct packet_sock *)sk;
}

/* What recvmsg() tells of a packet, in its cb. */
struct packet_cb {
	u32 origlen;
	int ifindex;
	u16 hatype;
	be16 protocol;
	u8 pkttype, halen;
	u8 addr[8];
};
#define PACKET_CB(skb) ((struct packet_cb *)(void *)(skb)->cb)

s64 packet_create(struct task *t, struct net *net, int type, int protocol, struct sock **out);
/* A device went up or down: sockets that are bound to it hear of it. */
void packet_device_event(struct net *net, struct net_device *dev, enum netdev_event ev);

/* ---- between the files ---- */

/* ARPHRD_* of a device; whether its frames have a link-layer header; the length of its addresses. */
u16 packet_hatype(const struct net_device *dev);
bool packet_has_header(const struct net_device *dev);
u8 packet_addr_len(const struct net_device *dev);

/* Starts and stops receiving. */
void packet_register_hook(struct packet_sock *po);
void packet_unregister_hook(struct packet_sock *po);
/* The tap of a socket. Takes skb, data at the network header, or at the link layer's if it goes out. */
void packet_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt);
/*
 * Puts data at what the socket shows first, and asks its filter: how many bytes it gets; 0: the packet
 * is not for it.
 */
u32 packet_prepare(struct packet_sock *po, struct sk_buff *skb, struct net_device *dev);
/* The address and length of a prepared packet. */
void packet_fill_cb(struct packet_sock *po, struct sk_buff *skb, const struct net_device *dev);
/* TP_STATUS_* of the checksum, as auxdata and rings tell. */
u32 packet_csum_status(const struct sk_buff *skb);

s64 packet_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
/* Finishes and sends a frame (SOCK_RAW) or data (SOCK_DGRAM; addr, or NULL). Takes skb. 0 or -errno. */
int packet_transmit(struct packet_sock *po, struct sk_buff *skb, struct net_device *dev, be16 proto,
		    const u8 *addr);
/* A packet of these bytes, with room for headers. */
struct sk_buff *packet_build(struct sock *sk, const void *data, u32 len);
/* The device that an address, or without one the binding, names; and its protocol. 0 or -errno. */
int packet_target(struct packet_sock *po, const struct msg *m, struct net_device **dev, be16 *proto,
		  const u8 **addr);

s64 packet_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
		      socklen_t len);
s64 packet_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val,
		      socklen_t *len);
/* The socket goes: its memberships end. */
void packet_flush_mclist(struct packet_sock *po);

/* fanout */
s64 packet_fanout_add(struct packet_sock *po, const void *val, socklen_t len);
/* PACKET_FANOUT's value; 0: none. */
/* The program of a group of kind PACKET_FANOUT_CBPF or _EBPF. */
s64 packet_fanout_set_data(struct task *t, struct packet_sock *po, const void *val, socklen_t len);
int packet_fanout_get(const struct packet_sock *po);
void packet_fanout_release(struct packet_sock *po);
void packet_fanout_link(struct packet_sock *po);
void packet_fanout_unlink(struct packet_sock *po);
/* How much room a socket has: none, some, plenty. */
enum packet_room { ROOM_NONE = 0, ROOM_LOW, ROOM_NORMAL };
enum packet_room packet_room(struct packet_sock *po, const struct sk_buff *skb);

/* rings */
s64 packet_set_ring(struct packet_sock *po, const void *val, socklen_t len, bool tx);
void packet_free_rings(struct packet_sock *po);
/* The tap of a socket with an RX ring: as packet_rcv(). */
void tpacket_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt);
s64 tpacket_snd(struct task *t, struct packet_sock *po, struct msg *m, int flags);
enum packet_room packet_ring_room(const struct packet_sock *po);
bool packet_ring_readable(const struct packet_sock *po);
bool packet_ring_writeable(const struct packet_sock *po);
/* For mmap(2) of len bytes: a descriptor of the simulator's to map in the program, or -errno. */
int packet_mmap(struct sock *sk, u64 len, u64 offset);

#endif
