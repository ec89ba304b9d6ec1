/* SPDX-License-Identifier: MIT */
/*
 * Parsing of values with units (units.h): exact decimal arithmetic in integers.
 */
#include "sim/engine/units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* value = mantissa / 10^scale, without trailing zeros of the fraction. */
struct decimal {
	u64 mantissa;
	int scale;
};

struct unit {
	const char *name;
	u64 factor;
};

#define MAX_DIGITS 19 /* 10^19 fits in 64 bits */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads "12", "1.5", "0.25"; *end is set to what follows. Signs, ".5" and "5." are refused. */
static int read_decimal(const char *s, struct decimal *d, const char **end, const char **why)
{
	bool point = false;
	int digits = 0;

	*d = (struct decimal){0, 0};
	if (!is_digit(*s)) {
		*why = *s == '-' ? "must not be negative" : "must start with a digit";
		return -EINVAL;
	}
	for (; is_digit(*s) || (*s == '.' && !point && is_digit(s[1])); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		digits += d->mantissa || *s != '0';
		if (digits > MAX_DIGITS) {
			*why = "has too many digits";
			return -EINVAL;
		}
		d->mantissa = d->mantissa * 10 + (u64)(*s - '0');
		d->scale += point;
		if (d->scale > MAX_DIGITS) {
			*why = "has too many digits";
			return -EINVAL;
		}
	}
	while (d->scale > 0 && d->mantissa % 10 == 0) {
		d->mantissa /= 10;
		d->scale--;
	}
	*end = s;
	return 0;
}

static u64 power10(int n)
{
	u64 p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

/* d * factor into *out; it must be a whole number and at most limit. */
static int scale_decimal(const struct decimal *d, u64 factor, u64 limit, u64 *out, const char **why,
			 const char *not_whole, const char *too_large)
{
	unsigned __int128 v = (unsigned __int128)d->mantissa * factor;
	u64 div = power10(d->scale);

	if (v % div) {
		*why = not_whole;
		return -EINVAL;
	}
	v /= div;
	if (v > limit) {
		*why = too_large;
		return -EINVAL;
	}
	*out = (u64)v;
	return 0;
}

static const struct unit *find_unit(const struct unit *units, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

int parse_duration(const char *s, nsec_t *out, const char **why)
{
	static const struct unit units[] = {
	    {"ns", 1},		 {"us", NSEC_PER_USEC},	     {"ms", NSEC_PER_MSEC},
	    {"s", NSEC_PER_SEC}, {"min", 60 * NSEC_PER_SEC}, {"h", 3600 * NSEC_PER_SEC},
	};
	const struct unit *u;
	struct decimal d;
	u64 v;
	int err = read_decimal(s, &d, &s, why);

	if (err)
		return err;
	if (!*s && !d.mantissa) {
		*out = 0;
		return 0;
	}
	u = find_unit(units, ARRAY_SIZE(units), s);
	if (!u) {
		*why =
		    *s ? "has an unknown unit: a duration is written with ns, us, ms, s, min or h"
		       : "needs a unit: ns, us, ms, s, min or h";
		return -EINVAL;
	}
	err = scale_decimal(&d, u->factor, INT64_MAX - 1, &v, why,
			    "is not a whole number of nanoseconds",
			    "is too long: the longest duration is about 292 years");
	if (!err)
		*out = (nsec_t)v;
	return err;
}

int parse_rate(const char *s, u64 *out, const char **why)
{
	static const struct unit units[] = {
	    {"bit", 1},
	    {"kbit", 1000},
	    {"Mbit", 1000 * 1000},
	    {"Gbit", 1000 * 1000 * 1000},
	    {"Tbit", 1000 * 1000 * 1000 * 1000ULL},
	};
	const struct unit *u;
	struct decimal d;
	int err = read_decimal(s, &d, &s, why);

	if (err)
		return err;
	if (!*s && !d.mantissa) {
		*out = 0;
		return 0;
	}
	u = find_unit(units, ARRAY_SIZE(units), s);
	if (!u) {
		*why =
		    *s ? "has an unknown unit: a rate is written with bit, kbit, Mbit, Gbit or Tbit"
		       : "needs a unit: bit, kbit, Mbit, Gbit or Tbit";
		return -EINVAL;
	}
	return scale_decimal(&d, u->factor, INT64_MAX, out, why,
			     "is not a whole number of bits a second", "is too fast");
}

int parse_size(const char *s, u64 *out, const char **why)
{
	static const struct unit units[] = {
	    {"", 1},
	    {"B", 1},
	    {"kB", 1000},
	    {"MB", 1000 * 1000},
	    {"GB", 1000 * 1000 * 1000},
	    {"KiB", 1 << 10},
	    {"MiB", 1 << 20},
	    {"GiB", 1 << 30},
	};
	const struct unit *u;
	struct decimal d;
	int err = read_decimal(s, &d, &s, why);

	if (err)
		return err;
	u = find_unit(units, ARRAY_SIZE(units), s);
	if (!u) {
		*why = "has an unknown unit: a size is written with B, kB, MB, GB, KiB, MiB or GiB";
		return -EINVAL;
	}
	return scale_decimal(&d, u->factor, INT64_MAX, out, why, "is not a whole number of bytes",
			     "is too large");
}

static u64 gcd(u64 a, u64 b)
{
	while (b) {
		u64 t = a % b;

		a = b;
		b = t;
	}
	return a;
}

static int make_ratio(u64 num, u64 den, struct ratio *out, const char **why)
{
	u64 g;

	if (num > den) {
		*why = "is more than 1 (100%)";
		return -EINVAL;
	}
	g = gcd(num, den);
	num /= g;
	den /= g;
	if (den > UINT32_MAX) {
		*why = "is finer than one in 4294967295";
		return -EINVAL;
	}
	*out = (struct ratio){(u32)num, (u32)den};
	return 0;
}

int parse_ratio(const char *s, struct ratio *out, const char **why)
{
	struct decimal d, den;
	int err = read_decimal(s, &d, &s, why);

	if (err)
		return err;
	if (strcmp(s, "%") == 0) {
		/* A scale of 17 or 18 digits times 100 does not fit, and is too fine in any case.
		 */
		if (d.scale > 16) {
			*why = "is finer than one in 4294967295";
			return -EINVAL;
		}
		return make_ratio(d.mantissa, power10(d.scale) * 100, out, why);
	}
	if (*s == '/') {
		err = read_decimal(s + 1, &den, &s, why);
		if (err)
			return err;
		if (*s || d.scale || den.scale || !den.mantissa) {
			*why = "must be two whole numbers, as in 1/1000, the second not 0";
			return -EINVAL;
		}
		return make_ratio(d.mantissa, den.mantissa, out, why);
	}
	if (!*s && !d.mantissa) {
		*out = (struct ratio){0, 1};
		return 0;
	}
	*why = *s ? "has an unknown unit: a probability is written as 1% or 1/1000"
		  : "needs a unit: a probability is written as 1% or 1/1000";
	return -EINVAL;
}

/* t in units of factor: a whole part and a fraction without trailing zeros. */
static void format_scaled(char *buf, size_t len, const char *sign, u64 t, u64 factor,
			  const char *name)
{
	char frac[16];
	u64 rest = t % factor;
	int n = 0;

	/* At most nine digits: only units that are powers of ten of a nanosecond have a fraction.
	 */
	for (; rest; rest %= factor) {
		rest *= 10;
		frac[n++] = (char)('0' + rest / factor);
	}
	frac[n] = '\0';
	snprintf(buf, len, "%s%llu%s%s%s", sign, (unsigned long long)(t / factor), n ? "." : "",
		 frac, name);
}

char *format_duration(char *buf, size_t len, nsec_t t)
{
	const char *sign = t < 0 ? "-" : "";
	u64 v = t < 0 ? -(u64)t : (u64)t;

	if (t == NSEC_NEVER)
		snprintf(buf, len, "never");
	else if (v == 0)
		snprintf(buf, len, "0s");
	else if (v % (3600 * NSEC_PER_SEC) == 0)
		format_scaled(buf, len, sign, v, 3600 * NSEC_PER_SEC, "h");
	else if (v % (60 * NSEC_PER_SEC) == 0)
		format_scaled(buf, len, sign, v, 60 * NSEC_PER_SEC, "min");
	else if (v >= NSEC_PER_SEC)
		format_scaled(buf, len, sign, v, NSEC_PER_SEC, "s");
	else if (v >= NSEC_PER_MSEC)
		format_scaled(buf, len, sign, v, NSEC_PER_MSEC, "ms");
	else if (v >= NSEC_PER_USEC)
		format_scaled(buf, len, sign, v, NSEC_PER_USEC, "us");
	else
		format_scaled(buf, len, sign, v, 1, "ns");
	return buf;
}
