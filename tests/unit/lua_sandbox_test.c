/* SPDX-License-Identifier: MIT */
/*
 * The sandbox: nothing in it tells one run from another, and limits hold. What is not mentioned
 * otherwise is as in the Lua 5.4 reference manual.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/lrun.h"

#include <stdio.h>
#include <string.h>

#include "sim/engine/pool.h"

static void pairs_goes_in_order_of_keys(void **state)
{
	lprog_expect("local t = {z = 1, [true] = 2, [3] = 3, a = 4, [-1] = 5, [2.5] = 6, [false] = 7,\n"
		     "           aa = 8, [''] = 9, [1] = 10, ['a\\0b'] = 11}\n"
		     "local s = {}\n"
		     "for k, v in pairs(t) do s[#s + 1] = v end\n"
		     "print(table.concat(s, ' '))\n"
		     "local u = {}\n"
		     "for k, v in next, t do u[#u + 1] = v end\n"
		     "print(table.concat(u, ' '))",
		     "5 10 6 3 9 4 11 8 1 7 2\n5 10 6 3 9 4 11 8 1 7 2\n");
}

static void pairs_survives_changes_of_the_table(void **state)
{
	lprog_expect("local t = {a = 1, b = 2, c = 3, d = 4}\n"
		     "for k, v in pairs(t) do t[k] = nil; t.c = nil; print(k) end\n"
		     "print(next(t))",
		     "a\nb\nd\nnil\n");
}

static void pairs_asks_the_metatable(void **state)
{
	lprog_expect("local t = setmetatable({}, {__pairs = function(t)\n"
		     "  return function(_, k) if not k then return 1, 'one' end end, t, nil end})\n"
		     "for k, v in pairs(t) do print(k, v) end",
		     "1\tone\n");
}

static void keys_without_an_order_are_refused(void **state)
{
	lprog_expect("for _, f in ipairs{pairs, next} do\n"
		     "  print(pcall(f, {[{}] = 1, [print] = 2, a = 3})) end",
		     "false\tthe table has no stable order: keys must be numbers, strings or booleans\n"
		     "false\tthe table has no stable order: keys must be numbers, strings or booleans\n");
}

static void texts_show_no_address(void **state)
{
	lprog_expect("print({}, print, function() end)\n"
		     "print(string.format('%s %s %5s|%-5s|%%s', {}, print, nil, true))\n"
		     "print(('%s'):format(setmetatable({}, {__tostring = function() return 'me' end})))\n"
		     "print(pcall(string.format, '%p', {}))\n"
		     "print(pcall(string.format, '%10p', 'x'))\n"
		     "print(pcall(function() return (('%d %'):format(1, 2)) end))",
		     "table\tfunction\tfunction\n"
		     "table function   nil|true |%s\n"
		     "me\n"
		     "false\t%p is not available: addresses differ between runs\n"
		     "false\t%p is not available: addresses differ between runs\n"
		     "false\tt.lua:7: invalid conversion '%' to 'format'\n");
}

static void metatables_that_show_collections_are_refused(void **state)
{
	lprog_expect("for _, k in ipairs{'__gc', '__mode', '__close'} do\n"
		     "  print(pcall(setmetatable, {}, {[k] = 'k'})) end\n"
		     "print(pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))",
		     "false\t__gc is not available: it would show garbage collection\n"
		     "false\t__mode is not available: it would show garbage collection\n"
		     "false\t__close is not available: it would show garbage collection\n"
		     "false\tcannot change a protected metatable\n");
}

static void libraries_are_sealed(void **state)
{
	lprog_expect("print(pcall(function() string.rep = 1 end))\n"
		     "print(pcall(function() math.x = 1 end))\n"
		     "print(pcall(rawset, table, 'insert', 1))\n"
		     "print(pcall(setmetatable, utf8, {}))\n"
		     "print(getmetatable(string), getmetatable(''), getmetatable(_G))\n"
		     "print = nil print('still there') rawset(_G, 'x', 5) assert(x == 5)",
		     "false\tt.lua:2: libraries cannot be changed: all programs share them\n"
		     "false\tt.lua:3: libraries cannot be changed: all programs share them\n"
		     "false\tlibraries cannot be changed: all programs share them\n"
		     "false\tcannot change a protected metatable\n"
		     "false\tfalse\tfalse\n"
		     "still there\n");
}

static void what_depends_on_the_machine_is_missing(void **state)
{
	lprog_expect("for _, n in ipairs{'os', 'io', 'debug', 'load', 'loadstring', 'dofile', 'loadfile',\n"
		     "  'require', 'package', 'coroutine', 'collectgarbage', 'warn'} do\n"
		     "  assert(_G[n] == nil, n) end\n"
		     "assert(string.dump == nil)\n"
		     "print(pcall(math.randomseed, 1))",
		     "false\tthe run's seed decides: use --seed\n");
}

static void sort_is_stable(void **state)
{
	lprog_expect("local t = {}\n"
		     "for i = 1, 300 do t[i] = {k = (i * 7) % 3, i = i} end\n"
		     "table.sort(t, function(x, y) return x.k < y.k end)\n"
		     "for i = 2, #t do\n"
		     "  assert(t[i - 1].k < t[i].k or t[i - 1].k == t[i].k and t[i - 1].i < t[i].i) end\n"
		     "local u = {3, 1, 2, 1.5, -1} table.sort(u) print(table.concat(u, ' '))\n"
		     "u = {'b', 'a', 'B'} table.sort(u) print(table.concat(u, ' '))\n"
		     "u = {1} table.sort(u, error) u = {} table.sort(u, error)\n"
		     "u = setmetatable({}, {__len = function() return 1 << 40 end})\n"
		     "print(pcall(function() table.sort(u) end))",
		     "-1 1 1.5 2 3\nB a b\n"
		     "false\tt.lua:11: bad argument #1 to 'sort' (array too big)\n");
}

static void sort_that_fails_changes_nothing(void **state)
{
	lprog_expect("local t, n = {5, 4, 3, 2, 1, 0}, 0\n"
		     "print(pcall(table.sort, t, function(a, b) n = n + 1\n"
		     "  if n == 7 then error('enough', 0) end return a < b end))\n"
		     "print(table.concat(t, ' '))\n"
		     "print(pcall(table.sort, {1, 'x'}))\n"
		     "t = {3, 1, 2} table.sort(t, function() return true end) print(#t)",
		     "false\tenough\n5 4 3 2 1 0\n"
		     "false\tattempt to compare string with number\n3\n");
}

static void random_streams_belong_to_processes(void **state)
{
	static const char text[] =
		"local f = function() local t = {} for i = 1, 4 do t[i] = math.random(1000) end\n"
		"  print(table.concat(t, ' ')) end\n"
		"local a = host{name='a'} local b = host{name='b'}\n"
		"a:spawn('p', f) %s b:spawn('p', {start='1ms'}, f)";
	char one[512], two[512];
	struct lrun r1 = { .err = NULL }, r2 = { .err = NULL }, r3 = { .o.seed = 2 };

	snprintf(one, sizeof(one), text, "");
	snprintf(two, sizeof(two), text, "math.random(5) a:spawn('q', {start='1s'}, f)");
	lrun(&r1, one);
	lrun(&r2, two);
	lrun(&r3, one);
	assert_null(r1.err);
	assert_null(r2.err);
	/* The third program and a draw elsewhere change nothing for the other two; the seed does. */
	assert_int_equal(strncmp(r1.log, r2.log, r1.len), 0);
	assert_string_not_equal(r1.log, r3.log);
	lrun_free(&r1);
	lrun_free(&r2);
	lrun_free(&r3);
}

static void random_is_in_range(void **state)
{
	lprog_expect("for i = 1, 1000 do\n"
		     "  local x = math.random() assert(x >= 0 and x < 1)\n"
		     "  x = math.random(6) assert(x >= 1 and x <= 6 and math.type(x) == 'integer')\n"
		     "  x = math.random(-3, 3) assert(x >= -3 and x <= 3) end\n"
		     "math.random(math.mininteger, math.maxinteger)\n"
		     "assert(math.type(math.random(0)) == 'integer')\n"
		     "print(pcall(function() math.random(2, 1) end)) print(pcall(math.random, 1, 2, 3))",
		     "false\tt.lua:8: bad argument #2 to 'random' (interval is empty)\n"
		     "false\twrong number of arguments\n");
}

static void protected_calls(void **state)
{
	lprog_expect("print(pcall(function(...) sleep('1ms') return ... end, 1, nil, 3))\n"
		     "print(pcall(function() sleep('1ms') error('x', 0) end))\n"
		     "print(xpcall(function(...) sleep('1ms') return ... end, print, 4, 5))\n"
		     "print(xpcall(error, function(m) sleep('1ms') return 'handled ' .. m end, 'it'))\n"
		     "print(xpcall(error, error, 'again')) print(pcall(pcall))\n"
		     "print(pcall(pcall, error, 'e')) print(select('#', pcall(error)))\n"
		     "local n = 0 local function deep() n = n + 1 local ok, e = pcall(deep)\n"
		     "  if not ok then error(e, 0) end end\n"
		     "print(pcall(deep)) print(n)",
		     "true\t1\tnil\t3\nfalse\tx\ntrue\t4\t5\nfalse\thandled it\nfalse\tagain\n"
		     "false\tbad argument #1 to '?' (value expected)\ntrue\tfalse\te\n2\n"
		     "false\tt.lua:8: more than 150 protected calls inside each other\n150\n");
}

static void lrun_limited(struct lrun *r, const char *text)
{
	r->o.instructions = 200000;
	r->o.memory = 8 << 20;
	lrun(r, text);
}

static void endless_loops_end(void **state)
{
	static const char *const loops[] = {
		"while true do end",
		"while true do pcall(function() while true do end end) end",
		"local f f = function() while true do xpcall(f, f) end end f()",
		"local f f = function() while true do pcall(f) end end f()",
		("local t = setmetatable({}, {__index = function(t, k) return t[k] end})\n"
		 "while true do pcall(function() return t.x end) end"),
		"for i = 1, math.huge do local s = ('x'):rep(10) end",
	};

	for (size_t i = 0; i < ARRAY_SIZE(loops); i++) {
		struct lrun r = { .err = NULL };
		char text[512];

		snprintf(text, sizeof(text), "host{name='a'}:spawn('p', function()\n%s\nend)", loops[i]);
		lrun_limited(&r, text);
		assert_null(r.err);
		assert_non_null(strstr(r.log, "more than 200000 instructions without a call"));
		assert_memory_equal(r.log, "a! t.lua:", 9);
		assert_int_equal(r.failures, 1);
		lrun_free(&r);
	}
}

static void calls_start_the_count_anew(void **state)
{
	struct lrun r = { .err = NULL };

	lrun_limited(&r, "host{name='a'}:spawn('p', function() for i = 1, 50 do\n"
			 "for j = 1, 10000 do end sleep('1ms') end print('ok') end)");
	assert_string_equal(r.log, "a: ok\n");
	lrun_free(&r);
}

static void memory_is_limited(void **state)
{
	static const char *const eaters[] = {
		"local t = {} while true do t[#t + 1] = ('x'):rep(10000) .. #t end",
		"local s = 'x' while true do s = s .. s end",
		"local t = {} while true do t = {t} end",
		"local s = ('x'):rep(1 << 40)",
		("fork(function(t) end, (function() local t = {} for i = 1, 100000 do t[i] = i end\n"
		 "local s = ('x'):rep(5 << 20) return t end)(), ('y'):rep(6 << 20))"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(eaters); i++) {
		struct lrun r = { .err = NULL };
		char text[512];

		snprintf(text, sizeof(text), "host{name='a'}:spawn('p', function()\n%s\nend)", eaters[i]);
		r.o.instructions = 1000000000;
		r.o.memory = 8 << 20;
		lrun(&r, text);
		assert_null(r.err);
		if (!strstr(r.log, "not enough memory") && !strstr(r.log, "resulting string too large"))
			fail_msg("%zu: %s", i, r.log);
		assert_int_equal(r.failures, 1);
		lrun_free(&r);
	}
}

/* A program at the limit still gets its signals, and the others go on. */
static void signals_at_the_memory_limit(void **state)
{
	struct lrun r = { .o.memory = 8 << 20 };

	lrun(&r, "local a = host{name='a'} a:spawn('p', function()\n"
		 "local keep = {} signal(SIGUSR1, function() keep = nil end)\n"
		 "while pcall(function() keep[#keep + 1] = ('x'):rep(1000) .. #keep end) do end\n"
		 "pause() print('still here', keep) end)\n"
		 "a:spawn('q', {start='1s'}, function() kill(100, SIGUSR1) end)");
	assert_null(r.err);
	assert_string_equal(r.log, "a: still here\tnil\n");
	lrun_free(&r);
}

static void too_little_memory_for_the_libraries(void **state)
{
	for (size_t memory = 1; memory < 200000; memory += 3001) {
		struct lrun r = { .o.memory = memory };

		lrun(&r, "host{name='a'}");
		if (r.err)
			assert_non_null(strstr(r.err, "not enough memory"));
		lrun_free(&r);
	}
}

static void calls_inside_callbacks_are_refused(void **state)
{
	lprog_expect("print(pcall(string.gsub, 'x', 'x', function() getpid() end))\n"
		     "print(pcall(table.sort, {1, 2}, function() fork(print) end))\n"
		     "print(pcall(function() return getpid() end))",
		     "false\tt.lua:2: a program cannot make calls inside a comparison, a metamethod or a callback of a "
		     "library function\n"
		     "false\tt.lua:3: a program cannot make calls inside a comparison, a metamethod or a callback of a "
		     "library function\n"
		     "true\t100\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_goes_in_order_of_keys),
		cmocka_unit_test(pairs_survives_changes_of_the_table),
		cmocka_unit_test(pairs_asks_the_metatable),
		cmocka_unit_test(keys_without_an_order_are_refused),
		cmocka_unit_test(texts_show_no_address),
		cmocka_unit_test(metatables_that_show_collections_are_refused),
		cmocka_unit_test(libraries_are_sealed),
		cmocka_unit_test(what_depends_on_the_machine_is_missing),
		cmocka_unit_test(sort_is_stable),
		cmocka_unit_test(sort_that_fails_changes_nothing),
		cmocka_unit_test(random_streams_belong_to_processes),
		cmocka_unit_test(random_is_in_range),
		cmocka_unit_test(protected_calls),
		cmocka_unit_test(endless_loops_end),
		cmocka_unit_test(calls_start_the_count_anew),
		cmocka_unit_test(memory_is_limited),
		cmocka_unit_test(signals_at_the_memory_limit),
		cmocka_unit_test(too_little_memory_for_the_libraries),
		cmocka_unit_test(calls_inside_callbacks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
