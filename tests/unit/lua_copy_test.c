/* SPDX-License-Identifier: MIT */
/*
 * Each process has memory of its own, as fork(2) gives it; threads share theirs.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/lrun.h"

static void closures_share_the_copy_of_a_variable(void **state)
{
	lrun_expect("local n = 0\n"
		    "local function inc() n = n + 1 end\n"
		    "local function get() return n end\n"
		    "local f = function() inc() inc() print(n, get()) end\n"
		    "local a = host{name='a'}\n"
		    "a:spawn('p', f)\n"
		    "a:spawn('q', {start='1s'}, f)\n"
		    "inc() print(get())",
		    "-: 1\na: 2\t2\na: 2\t2\n");
}

static void arguments_share_with_the_function(void **state)
{
	lrun_expect("local t = {1}\n"
		    "local a = host{name='a'}\n"
		    "a:spawn('p', {args = {t, t, {t}}}, function(x, y, z)\n"
		    "  x[1] = 2 print(t[1], y[1], z[1][1], x == t) end)\n"
		    "a:spawn('q', {start='1s', args = {nil, 5}}, function(...) print(t[1], select('#', ...)) end)",
		    "a: 2\t2\t2\ttrue\na: 1\t2\n");
}

static void recursion_and_cycles(void **state)
{
	lprog_expect("local function fact(n) return n < 2 and 1 or n * fact(n - 1) end\n"
		     "local even, odd\n"
		     "function even(n) return n == 0 or odd(n - 1) end\n"
		     "function odd(n) return n ~= 0 and even(n - 1) end\n"
		     "local t = {} t.self = t t[t] = t t.f = function() return t end\n"
		     "fork(function() print(fact(5), even(10), t.self == t, t[t] == t, t.f() == t) end)",
		     "120\ttrue\ttrue\ttrue\ttrue\n");
}

static void metatables_come_along(void **state)
{
	lprog_expect("local C = {n = 1} C.__index = C C.__metatable = 'mine'\n"
		     "function C:bump() C.n = C.n + 1 return self.n end\n"
		     "local o = setmetatable({}, C)\n"
		     "wait(fork(function() print('child', o:bump(), getmetatable(o)) end))\n"
		     "print('parent', o.n)",
		     "child\t2\tmine\nparent\t1\n");
}

static void globals_are_private(void **state)
{
	lrun_expect("x = 1 function bump() x = x + 1 return x end\n"
		    "local f = function() print(bump(), x, _G.x) y = 5 end\n"
		    "local a = host{name='a'}\n"
		    "a:spawn('p', f) a:spawn('q', {start='1s'}, function() f() print(y) end)\n"
		    "a:spawn('r', {start='2s'}, function() print(x, y, _G._G == _G) end)",
		    "a: 2\t2\t2\na: 2\t2\t2\na: 5\na: 1\tnil\ttrue\n");
}

static void fork_copies_what_is_there_now(void **state)
{
	lprog_expect("local t, s = {v = 1}, 'a'\n"
		     "t.v = 2\n"
		     "local pid = fork(function(t2, s2) sleep('1ms') print(t.v, t2.v, t == t2, s, s2)\n"
		     "  t.v = 9 end, t, s)\n"
		     "t.v = 3 s = 'b'\n"
		     "wait(pid) print(t.v, s)",
		     "2\t2\ttrue\ta\ta\n3\tb\n");
}

static void threads_share(void **state)
{
	lprog_expect("local t, n = {}, 0\n"
		     "local ids = {}\n"
		     "for i = 1, 3 do ids[i] = thread(function(i) n = n + i t[i] = gettid() end, i) end\n"
		     "sleep('1ms') print(n, t[1] == ids[1], t[3] == ids[3], getpid())",
		     "6\ttrue\ttrue\t100\n");
}

static void long_lists_and_deep_closures(void **state)
{
	lprog_expect("local l\n"
		     "for i = 1, 200000 do l = {next = l} end\n"
		     "local f = function() return 0 end\n"
		     "for i = 1, 2000 do local g = f f = function() return g end end\n"
		     "wait(fork(function() local n = 0 while l do n = n + 1 l = l.next end\n"
		     "  print(n, type(f())) end))",
		     "200000\tfunction\n");
}

static void iterators_are_copied_or_refused(void **state)
{
	lprog_expect("local it, t, k = pairs{a = 1, b = 2, c = 3}\n"
		     "print((it(t)))\n"
		     "wait(fork(function() print((it(t))) print((it(t))) end))\n"
		     "print((it(t)))\n"
		     "local g = ('xy'):gmatch('.')\n"
		     "print(pcall(fork, function() print(g()) end))",
		     "a\nb\nc\nb\n"
		     "false\tan iterator of string.gmatch() cannot be copied into a process\n");
}

static void errors_name_lines_in_copies(void **state)
{
	lprog_fails("local function deep()\n"
		    "  error('here')\n"
		    "end\n"
		    "wait(fork(function() deep() end))",
		    "t.lua:3: here");
}

static void handles_are_shared(void **state)
{
	lrun_expect("local a = host{name='a'} local n = a:nic{ip='10.0.0.1/24', mac='02:00:00:00:00:07'}\n"
		    "a:spawn('p', function() print(a.name, n.name, n.index, n.mac, n.host == a) end)",
		    "a: a\teth0\t2\t02:00:00:00:00:07\ttrue\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closures_share_the_copy_of_a_variable),
		cmocka_unit_test(arguments_share_with_the_function),
		cmocka_unit_test(recursion_and_cycles),
		cmocka_unit_test(metatables_come_along),
		cmocka_unit_test(globals_are_private),
		cmocka_unit_test(fork_copies_what_is_there_now),
		cmocka_unit_test(threads_share),
		cmocka_unit_test(long_lists_and_deep_closures),
		cmocka_unit_test(iterators_are_copied_or_refused),
		cmocka_unit_test(errors_name_lines_in_copies),
		cmocka_unit_test(handles_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
