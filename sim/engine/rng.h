/* SPDX-License-Identifier: MIT */
/*
 * Random streams: the world's noise (loss, jitter, initial sequence numbers, ephemeral ports).
 *
 * Counter-based: draw k of a stream is a pure function of (seed, host, purpose, index, k). Adding a
 * host, a purpose or a draw elsewhere disturbs nothing else.
 */
#ifndef SIM_ENGINE_RNG_H
#define SIM_ENGINE_RNG_H

#include "sim/engine/types.h"

/* What a stream is for. Append only: the number is part of the key of recorded runs. */
enum rng_purpose {
	RNG_INVALID = 0,
	RNG_LINK_LOSS,
	RNG_LINK_DUPLICATE,
	RNG_LINK_CORRUPT,
	RNG_LINK_REORDER,
	RNG_LINK_JITTER,
	RNG_NETEM,
	RNG_TCP_ISN,
	RNG_TCP_COOKIE,
	RNG_EPHEMERAL_PORT,
	RNG_IP_ID,
	RNG_HASH_SECRET,
	RNG_NEIGH,
	RNG_TCP_MISC,
	RNG_PROGRAM,  /* math.random of a Lua program; index is its pid */
	RNG_GETRANDOM,
	RNG_STRATEGY, /* the seeded random schedule strategy */
	RNG_UNIX_AUTOBIND,
	RNG_TEST,
	RNG_ICMP,
	RNG_LINK_GE, /* the state of the Gilbert-Elliott chain */
	RNG_BOOT_ID,
	RNG_BPF, /* random numbers that filters ask for */
	RNG_NPURPOSE
};

struct rng {
	u64 key;
	u64 counter;
};

/* host 0 is the world; index tells several streams of one purpose apart (a link's number, a pid). */
void rng_init(struct rng *r, u64 seed, u32 host, enum rng_purpose purpose, u64 index);
u64 rng_u64(struct rng *r);
u32 rng_u32(struct rng *r);
/* Uniform in [0, n), without bias; n > 0. */
u32 rng_below(struct rng *r, u32 n);
/* True with probability p.num / p.den. Draws nothing when p is 0, so a fault that is off costs nothing. */
bool rng_chance(struct rng *r, struct ratio p);
/* Fills buf with len random bytes. */
void rng_bytes(struct rng *r, void *buf, size_t len);

#endif
