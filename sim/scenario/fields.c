/* SPDX-License-Identifier: MIT */
/*
 * Tables of options: every key known, every value with its unit, every mistake with its place.
 */
#include <stdarg.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/units.h"
#include "sim/scenario/scenario_priv.h"

_Noreturn int scenario_error(lua_State *L, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	luaL_error(L, "%s", text);
	abort();
}

/* Edit distance, for "did you mean"; names are short. */
static int distance(const char *a, const char *b)
{
	int row[64], la = (int)strlen(a), lb = (int)strlen(b);

	if (lb >= (int)ARRAY_SIZE(row))
		return la + lb;
	for (int j = 0; j <= lb; j++)
		row[j] = j;
	for (int i = 1; i <= la; i++) {
		int diag = row[0];

		row[0] = i;
		for (int j = 1; j <= lb; j++) {
			int up = row[j];
			int cost = diag + (a[i - 1] != b[j - 1]);

			row[j] = min(cost, min(up, row[j - 1]) + 1);
			diag = up;
		}
	}
	return row[lb];
}

static void unknown_key(lua_State *L, const char *what, const struct field *fields, size_t n,
			const char *key)
{
	const char *best = NULL;
	int least = 3;
	char all[400] = "";
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int d = distance(key, fields[i].name);

		if (d < least) {
			least = d;
			best = fields[i].name;
		}
		if (len < sizeof(all))
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "",
						fields[i].name);
	}
	if (best)
		scenario_error(L, "%s: unknown key '%s'; did you mean '%s'?", what, key, best);
	else if (!n)
		scenario_error(L, "%s: unknown key '%s'; it takes none", what, key);
	else
		scenario_error(L, "%s: unknown key '%s'; known are %s", what, key, all);
}

static s64 number_value(lua_State *L, int idx, const char *what, const struct field *f, s64 min,
			s64 max)
{
	int ok;
	s64 v = lua_tointegerx(L, idx, &ok);

	if (lua_type(L, idx) != LUA_TNUMBER || !ok)
		scenario_error(L, "%s: '%s' must be an integer, not %s", what, f->name,
			       lua_type(L, idx) == LUA_TSTRING ? lua_tostring(L, idx) :
								 luaL_typename(L, idx));
	if (f->min || f->max) {
		min = f->min;
		max = f->max;
	}
	if (v < min || v > max)
		scenario_error(L, "%s: '%s' is %lld; it must be in %lld..%lld", what, f->name,
			       (long long)v, (long long)min, (long long)max);
	return v;
}

/* The text of a value with a unit; 0 needs none. */
static const char *unit_text(lua_State *L, int idx, const char *what, const struct field *f,
			     const char *example)
{
	if (lua_type(L, idx) == LUA_TSTRING)
		return lua_tostring(L, idx);
	if (lua_type(L, idx) == LUA_TNUMBER && lua_tonumber(L, idx) == 0)
		return "0";
	/* Sizes may be plain numbers of bytes. */
	if (lua_isinteger(L, idx) && (f->type == FIELD_SIZE || f->type == FIELD_SIZE32)) {
		lua_pushvalue(L, idx);
		example = lua_tostring(L, -1);
		lua_replace(L, idx);
		return example;
	}
	scenario_error(L, "%s: '%s' must be a string with a unit, such as \"%s\"", what, f->name,
		       example);
}

static void unit_value(lua_State *L, int idx, const char *what, const struct field *f, void *p)
{
	const char *why = NULL, *text;
	u64 size = 0;
	int err;

	switch (f->type) {
	case FIELD_DURATION:
		text = unit_text(L, idx, what, f, "10ms");
		err = parse_duration(text, p, &why);
		break;
	case FIELD_RATE:
		text = unit_text(L, idx, what, f, "1Gbit");
		err = parse_rate(text, p, &why);
		break;
	case FIELD_RATIO:
		text = unit_text(L, idx, what, f, "1%");
		err = parse_ratio(text, p, &why);
		break;
	default:
		text = unit_text(L, idx, what, f, "64KiB");
		err = parse_size(text, &size, &why);
		if (!err && f->type == FIELD_SIZE32 && size > UINT32_MAX) {
			err = -EINVAL;
			why = "must be below 4GiB";
		}
		if (!err && f->type == FIELD_SIZE32)
			*(u32 *)p = (u32)size;
		else if (!err)
			*(u64 *)p = size;
	}
	if (err)
		scenario_error(L, "%s: '%s' is '%s': %s", what, f->name, text, why);
}

static void field_value(lua_State *L, int idx, const char *what, const struct field *f, void *obj)
{
	void *p = (char *)obj + f->off;

	switch (f->type) {
	case FIELD_STRING:
		if (lua_type(L, idx) != LUA_TSTRING ||
		    strlen(lua_tostring(L, idx)) != lua_rawlen(L, idx))
			scenario_error(L, "%s: '%s' must be a string without zero bytes, not %s", what,
				       f->name, luaL_typename(L, idx));
		*(const char **)p = lua_tostring(L, idx);
		break;
	case FIELD_INT:
		*(int *)p = (int)number_value(L, idx, what, f, INT32_MIN, INT32_MAX);
		break;
	case FIELD_U32:
		*(u32 *)p = (u32)number_value(L, idx, what, f, 0, UINT32_MAX);
		break;
	case FIELD_U64:
		*(u64 *)p = (u64)number_value(L, idx, what, f, 0, INT64_MAX);
		break;
	case FIELD_BOOL:
		if (!lua_isboolean(L, idx))
			scenario_error(L, "%s: '%s' must be true or false, not a %s", what, f->name,
				       luaL_typename(L, idx));
		*(bool *)p = lua_toboolean(L, idx);
		break;
	case FIELD_ANY:
		*(bool *)p = true;
		break;
	default:
		unit_value(L, idx, what, f, p);
	}
}

void fields_parse(lua_State *L, int idx, const char *what, const struct field *fields, size_t n,
		  void *obj, int array)
{
	idx = lua_absindex(L, idx);
	/*
	 * First the keys, so that a misspelt one is reported before what its absence causes; in order, so
	 * that of two the same one is reported by every run.
	 */
	lua_sorted_keys(L, idx);
	for (lua_Integer k = 1; lua_rawgeti(L, -1, k) != LUA_TNIL; k++) {
		size_t i = 0;

		if (lua_type(L, -1) == LUA_TSTRING) {
			while (i < n && strcmp(fields[i].name, lua_tostring(L, -1)))
				i++;
			if (i == n)
				unknown_key(L, what, fields, n, lua_tostring(L, -1));
		} else if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 ||
			   lua_tointeger(L, -1) > array) {
			scenario_error(L, array ? "%s: only %d values may have no key" :
						  "%s: a value without a key", what, array);
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 2);
	for (size_t i = 0; i < n; i++) {
		if (lua_getfield(L, idx, fields[i].name) != LUA_TNIL)
			field_value(L, lua_gettop(L), what, &fields[i], obj);
		lua_pop(L, 1);
	}
}

const char *suggest(const char *name, const char *const *known, size_t n)
{
	const char *best = NULL;
	int least = 3;

	for (size_t i = 0; i < n; i++) {
		int d = distance(name, known[i]);

		if (d < least) {
			least = d;
			best = known[i];
		}
	}
	return best;
}

void check_table(lua_State *L, int idx, const char *what, const char *example)
{
	if (!lua_istable(L, idx))
		scenario_error(L, "%s: a table is needed, such as %s, not %s", what, example,
			       luaL_typename(L, idx));
}

void check_nargs(lua_State *L, const char *what, int max)
{
	if (lua_gettop(L) > max)
		scenario_error(L, "%s: more arguments than it takes", what);
}

int array_length(lua_State *L, int idx, const char *what, int min, int max)
{
	lua_Unsigned n = lua_istable(L, idx) ? lua_rawlen(L, idx) : 0;

	if (!lua_istable(L, idx) || n < (lua_Unsigned)min || n > (lua_Unsigned)max)
		scenario_error(L, "%s must be a list of %d to %d values", what, min, max);
	return (int)n;
}

bool parse_hex(const char *text, size_t len, u8 *to, size_t n, char sep)
{
	size_t width = sep ? 3 : 2;

	if (len != n * width - (sep != 0))
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *digits = "0123456789abcdef";
		const char *d = strchr(digits, text[i] | 0x20);

		if (i % width == 2 ? text[i] != sep : !text[i] || !d)
			return false;
		if (i % width == 0)
			to[i / width] = (u8)((d - digits) << 4);
		else if (i % width == 1)
			to[i / width] |= (u8)(d - digits);
	}
	return true;
}

nsec_t check_duration(lua_State *L, int idx, const char *what)
{
	const char *why, *text = "0";
	nsec_t t = 0;

	if (lua_type(L, idx) == LUA_TSTRING)
		text = lua_tostring(L, idx);
	else if (lua_type(L, idx) != LUA_TNUMBER || lua_tonumber(L, idx) != 0)
		scenario_error(L, "%s: a duration with a unit is needed, such as \"10ms\"", what);
	if (parse_duration(text, &t, &why))
		scenario_error(L, "%s: '%s': %s", what, text, why);
	return t;
}

union ipaddr check_prefix(lua_State *L, const char *text, int *plen)
{
	union ipaddr a = { .d = { 0, 0 } };

	if (ipaddr_parse_prefix(text, &a, plen))
		scenario_error(L, "'%s' is not an address with a prefix, such as \"10.0.0.1/24\"",
			       text);
	return a;
}
