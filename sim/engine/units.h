/* SPDX-License-Identifier: MIT */
/*
 * Values with units, as scenarios and the command line write them. Exact integers, no floating point.
 *
 * Each function returns 0 and fills *out, or -EINVAL and sets *why to a static text that says what
 * would be right. Decimals are allowed ("1.5ms", "0.1%"); a bare number is refused unless it is 0,
 * except where stated.
 */
#ifndef SIM_ENGINE_UNITS_H
#define SIM_ENGINE_UNITS_H

#include "sim/engine/types.h"

/* "250us", "1.5ms", "2s", "3min", "1h", "10ns", "0". */
int parse_duration(const char *s, nsec_t *out, const char **why);
/* Bits a second: "10Gbit", "100Mbit", "1.5kbit", "9600bit"; decimal prefixes. */
int parse_rate(const char *s, u64 *out, const char **why);
/* Bytes: "64KiB", "1MiB", "1500B", "9kB"; a bare number is bytes. */
int parse_size(const char *s, u64 *out, const char **why);
/* "1%", "0.1%", "1/1000", "0". At most 1. */
int parse_ratio(const char *s, struct ratio *out, const char **why);

/* Writes at most len bytes with the terminator, shortest exact form ("1.5ms", "0s"); returns buf. */
char *format_duration(char *buf, size_t len, nsec_t t);

#endif
