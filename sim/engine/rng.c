/* SPDX-License-Identifier: MIT */
/*
 * Counter-based random streams (rng.h).
 *
 * A draw is Philox2x64-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1,
 * 2, 3", SC 2011) of the draw's number under the stream's key; the key is a hash of what names the
 * stream.
 */
#include "sim/engine/rng.h"

#include <string.h>

#define PHILOX_M 0xD2B74407B1CE6E93ULL
#define PHILOX_W 0x9E3779B97F4A7C15ULL
#define PHILOX_ROUNDS 10

/* The output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a bijection that mixes
 * well. */
static u64 mix64(u64 x)
{
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ULL;
	x = (x ^ x >> 27) * 0x94D049BB133111EBULL;
	return x ^ x >> 31;
}

static u64 absorb(u64 state, u64 word)
{
	return mix64((state ^ word) + PHILOX_W);
}

void rng_init(struct rng *r, u64 seed, u32 host, enum rng_purpose purpose, u64 index)
{
	u64 key = absorb(0, seed);

	assert(purpose > RNG_INVALID && purpose < RNG_NPURPOSE);
	key = absorb(key, host);
	key = absorb(key, purpose);
	key = absorb(key, index);
	*r = (struct rng){.key = key};
}

u64 rng_u64(struct rng *r)
{
	u64 x0 = r->counter++, x1 = 0, key = r->key;

	for (int i = 0; i < PHILOX_ROUNDS; i++) {
		unsigned __int128 product = (unsigned __int128)x0 * PHILOX_M;

		x0 = (u64)(product >> 64) ^ key ^ x1;
		x1 = (u64)product;
		key += PHILOX_W;
	}
	return x0;
}

u32 rng_u32(struct rng *r)
{
	return (u32)(rng_u64(r) >> 32);
}

/* Lemire, "Fast random integer generation in an interval" (2019): a multiplication, seldom a
 * division. */
u32 rng_below(struct rng *r, u32 n)
{
	u64 product;

	assert(n > 0);
	product = (u64)rng_u32(r) * n;
	if ((u32)product < n) {
		u32 biased = -n % n;

		while ((u32)product < biased)
			product = (u64)rng_u32(r) * n;
	}
	return (u32)(product >> 32);
}

bool rng_chance(struct rng *r, struct ratio p)
{
	return p.num && rng_below(r, p.den) < p.num;
}

void rng_bytes(struct rng *r, void *buf, size_t len)
{
	u8 *out = buf;

	for (size_t i = 0; i < len;) {
		u64 word = rng_u64(r);

		/* Byte by byte, so that the order of bytes is the same on every machine. */
		for (int k = 0; k < 8 && i < len; k++, word >>= 8)
			out[i++] = (u8)word;
	}
}
