/* SPDX-License-Identifier: MIT */
/*
 * Rings of packet sockets inside stack/: PACKET_RX_RING and PACKET_TX_RING
 * (Documentation/networking/packet_mmap.rst).
 *
 *   packet_ring.c     setting up, the shared memory, frames of TPACKET_V1 and V2 that are received
 *   packet_block.c    TPACKET_V3: blocks of frames, closed when full or after a time
 *   packet_tx_ring.c  sending what the program has put into frames
 *
 * The memory is a file in memory: mapped here, and by the program at its mmap(2). A frame or block
 * belongs to one side at a time, as its status says; here everything happens at one moment of virtual
 * time, while no program runs.
 *
 * Unlike in Linux, a ring may be given up or changed while a program still has it mapped (EBUSY there):
 * munmap(2) is the program's own business. What it maps then is memory that nobody fills.
 */
#ifndef STACK_PACKET_RING_H
#define STACK_PACKET_RING_H

#include "stack/af_packet.h"

struct packet_ring {
	struct packet_sock *po;
	u64 base; /* offset in the shared memory */
	u32 block_size, nblocks, frame_size, nframes, frames_per_block;
	u32 hdrlen; /* TPACKET_HDRLEN of the version */
	u32 head;   /* the next frame */
	/* TX */
	u32 pending; /* frames on their way */
	u32 sum;     /* bytes that a send(2) that waits has sent so far */
	/* V3 */
	u32 active; /* the block that is being filled */
	u64 seq;
	u32 next, prev; /* offsets in the block: free room, the last packet */
	u32 priv_len, max_frame_len, features;
	nsec_t opened, timeout;
	bool frozen; /* the next block is still the program's */
	struct timer timer;
};

static inline u64 ring_len(const struct packet_ring *r)
{
	return r ? (u64)r->block_size * r->nblocks : 0;
}
/* The i-th frame, the i-th block. */
u8 *ring_frame(const struct packet_ring *r, u32 i);
u8 *ring_block(const struct packet_ring *r, u32 i);
/* The status of a frame, in its version's form. */
u32 ring_get_status(const struct packet_ring *r, const u8 *frame);
void ring_set_status(const struct packet_ring *r, u8 *frame, u32 status);

/* TPACKET_V3 */
void prb_init(struct packet_ring *r, const struct tpacket_req3 *req);
void prb_free(struct packet_ring *r);
/* Room for len bytes in the block, which is closed, or the next opened, as need be; NULL: none. */
u8 *prb_get_frame(struct packet_ring *r, struct sk_buff *skb, u32 len);
/* The frame is filled in. */
void prb_fill_done(struct packet_ring *r);
/* Is the block that many places ahead free? */
bool prb_block_free(const struct packet_ring *r, u32 ahead);
bool prb_readable(const struct packet_ring *r);

#endif
