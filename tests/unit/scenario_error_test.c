/* SPDX-License-Identifier: MIT */
/*
 * Wrong scenarios, and what is said about each: `file:line: what is wrong, and what would be right`, before
 * anything runs. The mistake is always in line 3.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/lrun.h"

#include <stdio.h>
#include <string.h>

#include "sim/engine/pool.h"

#define HEAD                                                                                       \
	"local a, b = host{name = 'a', cpus = 2}, host{name = 'b'}\n"                              \
	"local n, m, l = a:nic{ip = '10.0.0.1/24', queues = 2}, b:nic{}, nil\n"

static const struct {
	const char *line, *error;
} wrong[] = {
	/* keys */
	{ "host{name = 'c', cpu = 2}", "host: unknown key 'cpu'; did you mean 'cpus'?" },
	{ "host{name = 'c', zebra = 2}",
	  "host: unknown key 'zebra'; known are name, cpus, cost, sysctl, forward, max_tasks, nameserver" },
	{ "host{name = 'c', zzz = 1, yyy = 2}",
	  "host: unknown key 'yyy'; known are name, cpus, cost, sysctl, forward, max_tasks, nameserver" },
	{ "host{name = 'c', nameserver = 'dns'}", "host: 'nameserver': 'dns' is not an IP address" },
	{ "host{name = 'c', nameserver = {'1.1.1.1', '1.1.1.2', '1.1.1.3', '::1'}}",
	  "host: 'nameserver' has more than three addresses" },
	{ "link{n, m, delai = '1ms'}", "link: unknown key 'delai'; did you mean 'delay'?" },
	{ "a:nic{mtuu = 1500}", "nic: unknown key 'mtuu'; did you mean 'mtu'?" },
	{ "scenario{length = '1s'}", "scenario: unknown key 'length'; known are about, duration, epoch" },
	{ "host{'c'}", "host: a value without a key" },
	{ "link{n, m, 5}", "link: two ends are needed: link{nic1, nic2, ...}" },
	{ "link{n, m, [7] = 5}", "link: only 2 values may have no key" },
	{ "a:spawn('p', {nofiles = 5}, function() end)",
	  "spawn: unknown key 'nofiles'; did you mean 'nofile'?" },
	{ "a:spawn('p', {compute = '1s'}, function() end)",
	  "spawn: unknown key 'compute'; known are start, cpu, uid, gid, label, nofile, step_cost, args" },
	{ "a:nic{qdisc = {'mq', x = 1}}", "mq: unknown key 'x'; it takes none" },
	{ "a:nic{qdisc = {'netem', 'x'}}", "netem: only 1 values may have no key" },
	/* types and units */
	{ "link{n, m, delay = 10}",
	  "link: 'delay' must be a string with a unit, such as \"10ms\"" },
	{ "link{n, m, rate = '10'}", "link: 'rate' is '10': needs a unit: bit, kbit, Mbit, Gbit or "
				     "Tbit" },
	{ "link{n, m, delay = '10 parsecs'}",
	  "link: 'delay' is '10 parsecs': has an unknown unit: a duration is written with ns, us, ms, s, "
	  "min or h" },
	{ "link{n, m, loss = '200%'}", "link: 'loss' is '200%': is more than 1 (100%)" },
	{ "link{n, m, delay = '0ns'}", "link: delay must be at least 1ns, and nothing negative" },
	{ "link{n, m, keep_order = 1}", "link: 'keep_order' must be true or false, not a number" },
	{ "host{name = 'c', cpus = '2'}", "host: 'cpus' must be an integer, not 2" },
	{ "host{name = 'c', cpus = 2.5}", "host: 'cpus' must be an integer, not number" },
	{ "host{name = 'c', cpus = 0}", "host: 'cpus' is 0; it must be in 1..256" },
	{ "host{name = 5}", "host: 'name' must be a string without zero bytes, not number" },
	{ "host{name = 'a\\0b'}", "host: 'name' must be a string without zero bytes, not string" },
	{ "host(5)", "host: a table is needed, such as host{name = \"web\"}, not number" },
	{ "host{name = 'c'}:nic(5)", "nic: a table is needed, such as nic{ip = \"10.0.0.1/24\"}, not number" },
	{ "host{name = 'c', cost = {syscall = '1day'}}",
	  "syscall: '1day': has an unknown unit: a duration is written with ns, us, ms, s, min or h" },
	{ "host{name = 'c', cost = {sysscall = 1}}", "host: cost 'sysscall' is not in the model" },
	{ "host{name = 'c', cost = {syscall = 0, user_step = 0}}",
	  "host: costs user_step and syscall cannot both be 0" },
	{ "scenario{duration = '0s'}", "scenario: 'duration' must be at least 1ns" },
	/* names */
	{ "host{}", "host: 'name' is missing" },
	{ "host{name = 'a'}", "host: the name 'a' is taken" },
	{ "switch{name = 'a'}", "switch: the name 'a' is taken" },
	{ "host{name = 'a b'}",
	  "host: the name 'a b' must be of printable ASCII characters without spaces" },
	{ "a:nic{name = 'eth0'}", "nic: host a has a device 'eth0' already" },
	{ "a:nic{name = 'a_very_long_name'}", "nic: the name 'a_very_long_name' is longer than 15 bytes" },
	{ "a:spawn('a_very_long_name', function() end)",
	  "spawn: the name 'a_very_long_name' is longer than 15 bytes" },
	{ "check('c', 'SELECT 1') check('c', 'SELECT 1')", "check: the name 'c' is taken" },
	/* links */
	{ "link{n}", "link: two ends are needed: link{nic1, nic2, ...}" },
	{ "link{n, nil}", "link: two ends are needed: link{nic1, nic2, ...}" },
	{ "link{n, 'eth0'}", "link: end 2 must be a nic or a switch, not a string" },
	{ "link{n, b}", "link: end 2 must be a nic or a switch, not a host: give one of its nics" },
	{ "link{n, n}", "link: both ends are on the same host" },
	{ "link{n, m} link{n, m}", "link: eth0 of host a has a cable already" },
	{ "local s = switch{name = 's', ports = 2} for i = 1, 3 do link{host{name = 'h' .. i}:nic{}, s} end",
	  "link: all 2 ports of the switch are taken" },
	{ "link{n, m, drop_nth = {0}}", "link: drop_nth counts frames from 1" },
	{ "link{n, m, a_to_b = {a_to_b = {}}}", "link: unknown key 'a_to_b'; known are" },
	{ "link{n, m}:at('1s', {loss = 5})", "link: 'loss' must be a string with a unit, such as \"1%\"" },
	{ "link{n, m}:down('2s', '1s')", "down: the end is not after the beginning" },
	{ "link{n, m}:down(5)", "down: a duration with a unit is needed, such as \"10ms\"" },
	{ "link{n, m}:donw('1s')", "a link has no 'donw'; did you mean 'down'?" },
	/* addresses, routes, sysctls */
	{ "a:nic{ip = '10.0.0.1'}", "'10.0.0.1' is not an address with a prefix, such as \"10.0.0.1/24\"" },
	{ "a:nic{ip = '10.0.0.300/24'}",
	  "'10.0.0.300/24' is not an address with a prefix, such as \"10.0.0.1/24\"" },
	{ "a:nic{ip = {5}}", "nic: 'ip' must be strings such as \"10.0.0.1/24\"" },
	{ "a:nic{mac = '02:00:00:00:00'}", "nic: '02:00:00:00:00' is not the MAC address of a station" },
	{ "a:nic{mac = '03:00:00:00:00:01'}",
	  "nic: '03:00:00:00:00:01' is not the MAC address of a station" },
	{ "a:route('10.1.0.0/16', {})", "route: 'via' or 'dev' is needed" },
	{ "a:route('10.1.0.0', {via = '10.0.0.2'})",
	  "'10.1.0.0' is not an address with a prefix, such as \"10.0.0.1/24\"" },
	{ "a:route('default', {via = 'b'})", "route: 'b' is not an IP address" },
	{ "a:route('10.1.0.0/16', {via = 'fe80::1'})",
	  "route: '10.1.0.0/16' via 'fe80::1': families differ" },
	{ "a:route('10.1.0.0/16', {dev = 'eth7'})", "route: host a has no device 'eth7'" },
	{ "a:sysctl('net.core.somaxcon', 5)", "sysctl: there is no net.core.somaxcon" },
	{ "host{name = 'c', sysctl = {['net.ipv4.tcp_sack'] = 'perhaps'}}",
	  "sysctl: net.ipv4.tcp_sack cannot be 'perhaps'" },
	{ "a:neighbour('10.0.0.2', '02:00', 'eth0')", "neighbour: '02:00' is not the MAC address of a station" },
	/* NICs */
	{ "a:nic{irq_affinity = {5}}", "nic: irq_affinity[1] must be in 0..1" },
	{ "a:nic{irq_affinity = {0, 1}}", "nic: 'irq_affinity' must be a list of 1 to 1 values" },
	{ "a:nic{indir = {1}}", "nic: indir[1] must be in 0..0" },
	{ "a:nic{rss_key = 'abc'}", "nic: rss_key must be 40 bytes in hexadecimal" },
	{ "a:nic{rules = {{dport = 80}}}", "nic: rule: either 'queue' or 'drop = true' is needed" },
	{ "a:nic{rules = {{proto = 'sctp', queue = 0}}}", "nic: rule: proto must be \"tcp\" or \"udp\"" },
	{ "a:nic{rules = {{proto = 'tcp', queue = 3}}}", "nic: rule: there is no queue 3" },
	{ "a:nic{tso = true, tx_checksum = false}", "nic: tso needs tx_checksum" },
	{ "a:nic{qdisc = 'red'}", "nic: qdisc 'red' is not known; known are pfifo_fast, pfifo, prio, netem, "
				  "fq, mq, noqueue" },
	{ "a:nic{driver_bug = 'x'}", "nic: driver_bug 'x' is not known; known are rearm_before_check, "
				     "tx_wake_lost, no_refill_retry" },
	{ "a:nick{}", "a host has no 'nick'; did you mean 'nic'?" },
	{ "print(n.ip)", "a nic has no 'ip'; it has name, index, mac and host" },
	{ "a.x = 5", "what a scenario has made cannot be given fields" },
	/* programs and checks */
	{ "a:spawn('p')", "spawn: a Lua function is needed, not no value" },
	{ "a:spawn('p', {}, print)", "spawn: a Lua function is needed, not a function of the library" },
	{ "a:spawn('p', function() end, 5)", "spawn: more arguments than it takes" },
	{ "a:spawn('p', {cpu = 7}, function() end)", "spawn: host a has no CPU 7" },
	{ "a:spawn('p', {step_cost = '5s'}, function() end)", "spawn: 'step_cost' must be below 4.2s" },
	{ "check('x')", "check: a SELECT or a function is needed, not no value" },
	{ "check('x', 'SELEC 1')", "check: near \"SELEC\": syntax error" },
	{ "check('x', 'SELECT count(*) FROM packets')", "check: no such table: packets" },
	{ "check('x', 'DELETE FROM packet')", "check: not authorized" },
	{ "check('x', 'SELECT 1; SELECT 2')", "check: one statement only" },
	{ "check('x', 'SELECT random()')", "check: not authorized to use function: random" },
	{ "param('x')", "param: the default must be a number, true, false or a string" },
	/* Lua */
	{ "hots{name = 'c'}", "attempt to call a nil value (global 'hots')" },
	{ "while true do end", "more than 200000 instructions without a call: an endless loop?" },
	{ "x = = 1", "unexpected symbol near '='" },
	{ "include('nowhere.lua')", "nowhere.lua: No such file or directory" },
	{ "socket(AF_INET, SOCK_STREAM)", "only a program can call this: use host:spawn()" },
	{ "error('mine')", "mine" },
};

static void errors_say_where_and_what(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct lrun r = { .o.instructions = 200000 };
		char text[512], want[512];

		snprintf(text, sizeof(text), HEAD "%s\n", wrong[i].line);
		snprintf(want, sizeof(want), LRUN_PATH ":3: %s", wrong[i].error);
		lrun(&r, text);
		if (!r.err)
			fail_msg("loads: %s", wrong[i].line);
		/* Lists of what is known are cut short here. */
		if (strncmp(want + strlen(want) - 9, "known are", 9))
			assert_string_equal(r.err, want);
		else
			assert_memory_equal(r.err, want, strlen(want));
		assert_string_equal(r.log, "");
		lrun_free(&r);
	}
}

static void includes(void **state)
{
	static const struct lrun_file files[] = {
		{ "lib.lua", "local x = ...\nreturn {make = function(n) return host{name = n, cpus = 0} end}" },
		{ "loop.lua", "include('loop.lua')" },
		{ "bad.lua", "\n\nx = (" },
		{ "two.lua", "return 1, 2" },
		{ NULL, NULL },
	};
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "local lib = include('lib.lua')\nlib.make('c')",
		  "lib.lua:2: host: 'cpus' is 0; it must be in 1..256" },
		{ "include('loop.lua')", "loop.lua:1: include: files include each other without end" },
		{ "include('bad.lua')", "bad.lua:3: unexpected symbol near <eof>" },
		{ "local a, b = include('two.lua') assert(a == 1 and b == 2)", NULL },
		{ "assert(file('bad.lua') == '\\n\\nx = (')", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lrun r = { .files = files };

		lrun(&r, cases[i].text);
		if (cases[i].error)
			assert_string_equal(r.err, cases[i].error);
		else
			assert_null(r.err);
		lrun_free(&r);
	}
}

static void parameters(void **state)
{
	static const struct {
		const char *name, *value, *error;
	} cases[] = {
		{ "n", "5", NULL },
		{ "n", "five", "t.lua:1: --set n=five: a number is needed" },
		{ "b", "yes", "t.lua:2: --set b=yes: true or false is needed" },
		{ "b", "true", NULL },
		{ "m", "5", "t.lua: it has no parameter 'm', which --set gives; it has n, b, s" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scenario_param p = { cases[i].name, cases[i].value };
		struct lrun r = { .o.params = &p, .o.nparams = 1 };

		lrun(&r, "local n = param('n', 1)\nlocal b = param('b', false)\nlocal s = param('s', 'x')");
		if (cases[i].error)
			assert_string_equal(r.err, cases[i].error);
		else
			assert_null(r.err);
		lrun_free(&r);
	}
}

/* What carries no place names the file at least. */
static void errors_without_a_place_name_the_file(void **state)
{
	struct lrun r = { .err = NULL };

	lrun(&r, "error('mine', 0)");
	assert_string_equal(r.err, "t.lua: mine");
	lrun_free(&r);
}

static void credentials_and_limits(void **state)
{
	lrun_expect("local a = host{name = 'a'}\n"
		    "local function f() print((bind(socket(AF_INET, SOCK_DGRAM),\n"
		    "  {family = AF_INET, addr = '0.0.0.0', port = 53}))) end\n"
		    "a:spawn('root', {uid = 0}, f)\n"
		    "a:spawn('user', {uid = 1000, gid = 5, start = '1s'}, f)\n"
		    "a:spawn('few', {nofile = 4, start = '2s'}, function()\n"
		    "  print((socket(AF_INET, SOCK_DGRAM)), select(3, socket(AF_INET, SOCK_DGRAM)) == EMFILE)\n"
		    "  wait(fork(function() print(select(3, socket(AF_INET, SOCK_DGRAM)) == EMFILE) end)) end)\n"
		    "a:spawn('free', {step_cost = 0, start = '3s'}, function()\n"
		    "  local t = now() for i = 1, 10 do getpid() end print(now() - t < 2500) end)",
		    "a: 0\na: nil\na: 3\ttrue\na: true\na: true\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_say_where_and_what), cmocka_unit_test(includes),
		cmocka_unit_test(parameters),		     cmocka_unit_test(errors_without_a_place_name_the_file),
		cmocka_unit_test(credentials_and_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
