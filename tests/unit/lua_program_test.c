/* SPDX-License-Identifier: MIT */
/*
 * Lua programs as processes: how they end, signals, and that calls take and give what luaposix's do.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/lrun.h"

#include <stdio.h>
#include <string.h>

/* ---- ends ---------------------------------------------------------------------------------------- */

static void an_error_is_told_with_its_place(void **state)
{
	struct lrun r = { .err = NULL };

	lrun(&r, "local function boom(x)\n  error('bad ' .. x)\nend\n"
		 "host{name='a'}:spawn('p', function()\n  sleep('1ms')\n  boom('luck')\n  print('no')\nend)");
	assert_null(r.err);
	assert_string_equal(r.log, "a! t.lua:2: bad luck\nstack traceback:\n"
				   "\t[C]: in global 'error'\n"
				   "\tt.lua:2: in upvalue 'boom'\n"
				   "\tt.lua:6: in function <t.lua:4>\n");
	assert_int_equal(r.failures, 1);
	lrun_free(&r);
}

static void errors_that_are_no_strings(void **state)
{
	lprog_fails("error({})", "(error object is not a string)");
	lprog_fails("error(nil)", "(error object is not a string)");
	lprog_fails("error(setmetatable({}, {__tostring = function() return 'mine' end}))", "mine");
	lprog_fails("local x = nil + 1", "t.lua:2: attempt to perform arithmetic on a nil value");
}

static void a_broken_program_dies_of_sigabrt(void **state)
{
	struct lrun r = { .err = NULL };

	lrun(&r, "host{name='a'}:spawn('p', function()\n"
		 "local pid = fork(function() signal(SIGABRT, SIG_IGN) thread(function() error('x', 0) end)\n"
		 "  sleep('1s') print('survived') end)\n"
		 "local p, how, sig = wait() print(p == pid, how, sig == SIGABRT) end)");
	assert_null(r.err);
	assert_non_null(strstr(r.log, "a: true\tkilled\ttrue\n"));
	assert_null(strstr(r.log, "survived"));
	lrun_free(&r);
}

static void exit_codes_and_wait(void **state)
{
	lprog_expect("local function how(f) local pid = fork(f) local p, h, s = wait(pid)\n"
		     "  print(p == pid, h, s) end\n"
		     "how(function() end)\n"
		     "how(function() exit(3) end)\n"
		     "how(function() exit(true) end)\n"
		     "how(function() exit(false) end)\n"
		     "how(function() exit(256 + 7) end)\n"
		     "how(function() kill(getpid(), SIGKILL) end)\n"
		     "how(function() raise(SIGTERM) end)\n"
		     "how(function() thread(function() sleep('1h') end) end)\n"
		     "how(function() thread(function() sleep('1ms') exit(9) end) exit_thread() end)\n"
		     "print(wait())\n"
		     "local pid = fork(function() sleep('1s') end)\n"
		     "print(wait(pid, WNOHANG))\n"
		     "print(select('#', wait(pid)), (kill(pid, 0)))",
		     "true\texited\t0\ntrue\texited\t3\ntrue\texited\t0\ntrue\texited\t1\n"
		     "true\texited\t7\ntrue\tkilled\t9\ntrue\tkilled\t15\ntrue\texited\t0\n"
		     "true\texited\t9\n"
		     "nil\tNo child processes\t10\n0\trunning\n3\tnil\n");
}

static void a_run_that_ends_in_a_fork_frees_the_child(void **state)
{
	/* The sanitizers see what is lost. */
	for (nsec_t end = 1; end < 4000; end += 97) {
		struct lrun r = { .o.duration = end };

		lrun(&r, "host{name='a', cpus=2}:spawn('p', function()\n"
			 "while true do fork(function() thread(function() end) end) end end)");
		assert_null(r.err);
		lrun_free(&r);
	}
}

static void a_fork_that_fails_gives_back_the_child(void **state)
{
	lprog_expect("print(pcall(fork, 5))\nprint(pcall(thread))\n",
		     "false\tbad argument #1 to '?' (function expected, got number)\n"
		     "false\tbad argument #1 to '?' (function expected, got no value)\n");
}

/* ---- signals ------------------------------------------------------------------------------------- */

static void a_handler_makes_calls(void **state)
{
	lprog_expect("local r, w = pipe()\n"
		     "print(signal(SIGALRM, function(s, info)\n"
		     "  sleep('1ms') write(w, 'tick') print(s == SIGALRM, info.si_signo) end))\n"
		     "alarm(1)\n"
		     "print(read(r, 10), now() >= 1001000000)",
		     "default\ntrue\t14\ntick\ttrue\n");
}

/* signal(7): a slow read() is restarted with SA_RESTART, else fails with EINTR; nanosleep() always fails. */
static void eintr_and_restart(void **state)
{
	lprog_expect("local r, w = pipe()\n"
		     "local me = getpid()\n"
		     "local n = 0\n"
		     "local function later(f) return fork(function() sleep('5ms') kill(me, SIGUSR1)\n"
		     "  sleep('5ms') write(w, 'x') end) end\n"
		     "signal(SIGUSR1, function() n = n + 1 end, 0)\n"
		     "local p = later() print(read(r, 1)) wait(p) print(read(r, 1), n)\n"
		     "print(type(signal(SIGUSR1, function() n = n + 1 end)))\n"
		     "p = later() print(read(r, 1), n) wait(p)\n"
		     "p = later() print(sleep('1s')) wait(p)\n"
		     "p = later() print(sigsuspend()) wait(p) print(n)",
		     "nil\tInterrupted system call\t4\nx\t1\nfunction\nx\t2\n"
		     "nil\tInterrupted system call\t4\nnil\tInterrupted system call\t4\n4\n");
}

static void handlers_nest(void **state)
{
	lprog_expect("local me, log = getpid(), {}\n"
		     "signal(SIGUSR2, function() log[#log + 1] = 'two' end)\n"
		     "signal(SIGUSR1, function() log[#log + 1] = 'one('\n"
		     "  if #log < 4 then kill(me, SIGUSR2) kill(me, SIGUSR1) sleep('1ms') end\n"
		     "  log[#log + 1] = ')' end)\n"
		     "signal(SIGHUP, function() error('no') end)\n"
		     "sigprocmask(SIG_BLOCK, SIGHUP) kill(me, SIGHUP)\n"
		     "kill(me, SIGUSR1)\n"
		     "print(table.concat(log, ' '))",
		     "one( two ) one( )\n");
}

static void endless_nesting_is_a_fault(void **state)
{
	lprog_expect("local p, how, sig = wait(fork(function() local me = getpid()\n"
		     "  signal(SIGUSR1, function() kill(me, SIGUSR1) sleep('1s') end, SA_NODEFER)\n"
		     "  kill(me, SIGUSR1) end)) p, how, sig = wait()\n"
		     "print(p, how, sig)",
		     "nil\tNo child processes\t10\n");
	lprog_expect("local pid = fork(function() local me = getpid()\n"
		     "  signal(SIGUSR1, function() kill(me, SIGUSR1) sleep('1s') end, SA_NODEFER)\n"
		     "  kill(me, SIGUSR1) end)\n"
		     "local p, how, sig = wait(pid) print(how, sig == SIGSEGV)",
		     "killed\ttrue\n");
}

static void dispositions(void **state)
{
	lprog_expect("local me = getpid()\n"
		     "signal(SIGUSR1, SIG_IGN) kill(me, SIGUSR1)\n"
		     "print(signal(SIGUSR1, SIG_DFL), signal(SIGUSR1, SIG_IGN))\n"
		     "print(signal(SIGKILL, function() end))\n"
		     "print(signal(99, SIG_IGN))\n"
		     "print(select(2, pcall(function() signal(SIGUSR1, 'maybe') end)))\n"
		     "local f = function() print('inherited') end signal(SIGUSR2, f)\n"
		     "assert(signal(SIGUSR2, f) == f)\n"
		     "wait(fork(function() raise(SIGUSR2) end))\n"
		     "raise(SIGUSR2)",
		     "ignore\tdefault\n"
		     "nil\tInvalid argument\t22\nnil\tInvalid argument\t22\n"
		     "t.lua:7: bad argument #2 to 'signal' (a function, SIG_DFL or SIG_IGN)\n"
		     "inherited\ninherited\n");
}

/* A signal that is pending when its handler becomes known is delivered by that very call. */
static void a_handler_is_known_at_once(void **state)
{
	lprog_expect("local me = getpid()\n"
		     "local n = 0\n"
		     "signal(SIGUSR1, SIG_IGN) setaffinity(0)\n"
		     "fork(function() setaffinity(1) for i = 1, 200 do kill(me, SIGUSR1) end end)\n"
		     "sleep('5us')\n"
		     "for i = 1, 50 do\n"
		     "  signal(SIGUSR1, function() n = n + 1 end) signal(SIGUSR1, SIG_IGN) end\n"
		     "print(n > 0)",
		     "true\n");
}

/* ---- descriptors --------------------------------------------------------------------------------- */

static void datagrams(void **state)
{
	lprog_expect("local s, c = socket(AF_INET, SOCK_DGRAM), socket(AF_INET, SOCK_DGRAM)\n"
		     "local at = {family = AF_INET, addr = '127.0.0.1', port = 53}\n"
		     "print(bind(s, at), getsockname(s).port, getsockname(s).addr)\n"
		     "print(sendto(c, 'hello', at), connect(c, at), send(c, 'again'))\n"
		     "local d, from, n = recvfrom(s, 3, MSG_TRUNC) print(d, from.addr, n)\n"
		     "print(from.port == getsockname(c).port, recv(s, 100))\n"
		     "print(recv(s, 10, MSG_DONTWAIT))\n"
		     "print(sendmsg(c, {data = 'm'}))\n"
		     "local m = recvmsg(s, 10) print(m.data, m.length, m.flags, m.addr.addr, #m.control)\n"
		     "print(sendmmsg(c, {{data = 'a'}, {data = 'bb', addr = at}}))\n"
		     "local v = recvmmsg(s, 5, 10, MSG_DONTWAIT) print(#v, v[1].data, v[2].data)\n"
		     "print(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, '10ms'),\n"
		     "  getsockopt(s, SOL_SOCKET, SO_RCVTIMEO))\n"
		     "local t = now() print(recv(s, 1)) print(now() - t >= 10000000)\n"
		     "print(connect(c, {family = AF_UNSPEC}), getpeername(c))",
		     "0\t53\t127.0.0.1\n5\t0\t5\nhel\t127.0.0.1\t5\ntrue\tagain\n"
		     "nil\tResource temporarily unavailable\t11\n"
		     "1\nm\t1\t0\t127.0.0.1\t0\n2\n2\ta\tbb\n0\t0\t10000\n"
		     "nil\tResource temporarily unavailable\t11\ntrue\n"
		     "0\tnil\tTransport endpoint is not connected\t107\n");
}

static void descriptors(void **state)
{
	lprog_expect("local r, w = pipe(O_NONBLOCK)\n"
		     "print(read(r, 1))\n"
		     "print(write(w, 'abcdef'), ioctl(r, FIONREAD))\n"
		     "local v = readv(r, {2, 3}) print(v[1], v[2], read(r, 9))\n"
		     "print(writev(w, {'x', '', 'yz'}), read(r, 9))\n"
		     "print(dup(r), dup2(r, 20), fcntl(r, F_GETFL) & O_NONBLOCK ~= 0)\n"
		     "print(close(w), read(r, 1) == '', close(w))\n"
		     "local e = eventfd(2) print(read_u64(e), write_u64(e, 5), read_u64(e))\n"
		     "local t = timerfd_create() timerfd_settime(t, '5ms', '5ms') sleep('12ms')\n"
		     "print(read_u64(t))\n"
		     "local m = memfd_create('f') write(m, 'content') local r2, w2 = pipe()\n"
		     "print(sendfile(w2, m, 3, 10)) print(read(r2, 10), lseek(m, 0, 1))\n"
		     "print(close(99))\n"
		     "print(select(2, pcall(function() ioctl(r, 0x5401) end)))",
		     "nil\tResource temporarily unavailable\t11\n6\t6\nab\tcde\tf\n3\txyz\n"
		     "5\t20\ttrue\n0\ttrue\tnil\tBad file descriptor\t9\n2\t8\t5\n2\n4\t7\ntent\t7\n"
		     "nil\tBad file descriptor\t9\nt.lua:15: ioctl: command 21505 has no form here\n");
}

static void readiness(void **state)
{
	lprog_expect("local r, w = pipe() local r2, w2 = pipe()\n"
		     "local fds = {[r] = {events = {IN = true}}, [w] = {events = {OUT = true}},\n"
		     "  [77] = {events = POLLIN}}\n"
		     "print(poll(fds, 0), fds[r].revents.IN, fds[w].revents.OUT, fds[77].revents.NVAL)\n"
		     "local t = now() print(rpoll(r, 10), now() - t >= 10000000)\n"
		     "write(w, 'x') print(rpoll(r, -1))\n"
		     "local n, rd, wr = select_fds({r, r2}, {w2}, nil, 0) print(n, #rd, rd[1] == r, wr[1] == w2)\n"
		     "local ep = epoll_create1() print(epoll_ctl(ep, EPOLL_CTL_ADD, r, EPOLLIN),\n"
		     "  epoll_ctl(ep, EPOLL_CTL_ADD, r2, EPOLLIN, 1234))\n"
		     "local ev = epoll_wait(ep, 8, 0) print(#ev, ev[1].data == r, ev[1].events)\n"
		     "read(r, 1) write(w2, 'y') ev = epoll_wait(ep) print(#ev, ev[1].data)\n"
		     "read(r2, 1) print(#epoll_wait(ep, 8, 1))\n"
		     "print(epoll_wait(ep, 0, 0)) print(epoll_ctl(ep, EPOLL_CTL_ADD, r, EPOLLIN))",
		     "2\tfalse\ttrue\ttrue\n0\ttrue\n1\t1\n2\t1\ttrue\ttrue\n0\t0\n1\ttrue\t1\n1\t1234\n0\n"
		     "nil\tInvalid argument\t22\nnil\tFile exists\t17\n");
}

static void time_and_names(void **state)
{
	lprog_expect("local t = clock_gettime(CLOCK_MONOTONIC) print(t.tv_sec, t.tv_nsec < 1000000)\n"
		     "local a = now() compute('1ms') print(now() - a >= 1000000)\n"
		     "print(sleep(0), nanosleep{tv_sec = 0, tv_nsec = 5}, sched_yield(), yield())\n"
		     "print(#getrandom(16), gethostname(), strerror(ENOENT), getpid() == gettid(), getppid())\n"
		     "print(setaffinity(1), setaffinity(7))\n"
		     "print(select(2, pcall(function() sleep('5 parsecs') end)))\n"
		     "print(select(2, pcall(function() sleep(-1) end)))",
		     "0\ttrue\ntrue\n0\t0\t0\t0\n16\ta\tNo such file or directory\ttrue\t1\n"
		     "0\tnil\tInvalid argument\t22\n"
		     "t.lua:7: '5 parsecs' is not a duration: has an unknown unit: a duration is written with ns, "
		     "us, ms, s, min or h\n"
		     "t.lua:8: bad argument #1 to 'sleep' (seconds must be in 0..9e9)\n");
}

static void wrong_arguments_are_errors_with_a_place(void **state)
{
	static const char *const wrong[][2] = {
		{ "bind(3, {family = AF_INET, addr = 'nowhere', port = 1})",
		  "address: 'nowhere' is not an IP address" },
		{ "bind(3, {family = AF_INET, addr = '::1', port = 1})",
		  "address: '::1' is not an IPv4 address: give family = AF_INET6" },
		{ "bind(3, {family = AF_INET, addr = '1.2.3.4', port = 70000})",
		  "address: port 70000 is not in 0..65535" },
		{ "bind(3, {family = AF_INET, port = 1})", "address: 'addr' is missing" },
		{ "bind(3, {addr = 5})", "address: 'addr' must be a string" },
		{ "bind(3, 'x')", "address: a table is needed, such as {family = AF_INET, addr = "
				  "\"10.0.0.1\", port = 80}, not a string" },
		{ "bind(3, {family = AF_UNIX, path = ('x'):rep(109)})",
		  "address: path is longer than 108 bytes" },
		{ "poll({5})", "poll: the table must be {[descriptor] = {events = }}" },
		{ "sendmsg(3, {data = 5})", "sendmsg: 'data' must be a string" },
		{ "sendmsg(3, {fds = {1.5}})", "sendmsg: 'fds' must be integers" },
		{ "sendmsg(3, {control = {5}})",
		  "sendmsg: 'control' must be an array of {level = , type = , data = }" },
		{ "sendmmsg(3, {5})", "sendmmsg: message 1 must be {data = string}" },
		{ "readv(3, {'x'})", "bad argument #2 to 'readv' (element 1 must be an integer, not a "
				     "string)" },
		{ "select_fds({2000})", "bad argument #1 to 'select_fds' (descriptor not in 0..1023)" },
		{ "recv(3, -1)", "bad argument #2 to 'recv' (not in 0..64 MiB)" },
		{ "host{name = 'b'}", "host: the world is built before it runs; programs cannot change it" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "t.lua:2: %s", wrong[i][1]);
		lprog_fails(wrong[i][0], text);
	}
}

static void outside_of_a_program(void **state)
{
	struct lrun r = { .err = NULL };

	lrun(&r, "local x = 1\nsocket(AF_INET, SOCK_DGRAM)");
	assert_string_equal(r.err, "t.lua:2: only a program can call this: use host:spawn()");
	lrun_free(&r);
}

static void output_is_a_log_row(void **state)
{
	lprog_expect("write(1, 'raw\\n') print() print('a', 1, 1.5, nil, true) write(1, 'x')",
		     "raw\n\na\t1\t1.5\tnil\ttrue\nx\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_is_told_with_its_place),
		cmocka_unit_test(errors_that_are_no_strings),
		cmocka_unit_test(a_broken_program_dies_of_sigabrt),
		cmocka_unit_test(exit_codes_and_wait),
		cmocka_unit_test(a_run_that_ends_in_a_fork_frees_the_child),
		cmocka_unit_test(a_fork_that_fails_gives_back_the_child),
		cmocka_unit_test(a_handler_makes_calls),
		cmocka_unit_test(eintr_and_restart),
		cmocka_unit_test(handlers_nest),
		cmocka_unit_test(endless_nesting_is_a_fault),
		cmocka_unit_test(dispositions),
		cmocka_unit_test(a_handler_is_known_at_once),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(readiness),
		cmocka_unit_test(time_and_names),
		cmocka_unit_test(wrong_arguments_are_errors_with_a_place),
		cmocka_unit_test(outside_of_a_program),
		cmocka_unit_test(output_is_a_log_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
