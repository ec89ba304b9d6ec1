/* SPDX-License-Identifier: MIT */
/*
 * Scalar types and the few macros that every layer uses.
 *
 * Names follow the Linux kernel, because the people who read stack/ and nic/ know them from there.
 */
#ifndef SIM_ENGINE_TYPES_H
#define SIM_ENGINE_TYPES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* Values in network byte order; never do arithmetic on them. */
typedef u16 be16;
typedef u32 be32;

/* Virtual time and durations: nanoseconds since the start of the run. */
typedef s64 nsec_t;

#define NSEC_PER_USEC 1000LL
#define NSEC_PER_MSEC 1000000LL
#define NSEC_PER_SEC 1000000000LL
#define NSEC_NEVER INT64_MAX

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define clamp(v, lo, hi) ((v) < (lo) ? (lo) : (v) > (hi) ? (hi) : (v))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define __printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define __unused_arg __attribute__((unused))

/* An exact probability: num out of den. den is never 0. */
struct ratio {
	u32 num;
	u32 den;
};

#endif
