/* SPDX-License-Identifier: MIT */
/*
 * Processes, threads, signals and time for Lua programs (posix.unistd, posix.signal, posix.time).
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "sim/engine/units.h"
#include "sim/process/lua_priv.h"
#include "stack/syscalls.h"

nsec_t lua_check_duration(lua_State *L, int idx)
{
	const char *why;
	nsec_t t = 0;

	if (lua_type(L, idx) == LUA_TNUMBER) {
		lua_Number s = lua_tonumber(L, idx);

		luaL_argcheck(L, s >= 0 && s < 9e9, idx, "seconds must be in 0..9e9");
		if (lua_isinteger(L, idx))
			return lua_tointeger(L, idx) * NSEC_PER_SEC;
		return (nsec_t)(s * 1e9 + 0.5);
	}
	if (parse_duration(luaL_checkstring(L, idx), &t, &why))
		luaL_error(L, "'%s' is not a duration: %s", lua_tostring(L, idx), why);
	return t;
}

/* ---- fork and threads ---------------------------------------------------------------------------- */

static int k_spawn(lua_State *L, int status, lua_KContext ctx)
{
	struct lua_frame *f = lua_top_frame(L);

	if (lua_result(L) < 0)
		lua_task_free(f->spawning->program);
	f->spawning = NULL;
	return lua_k_result(L, status, ctx);
}

static int spawn_call(lua_State *L, struct lua_task *child, bool thread)
{
	struct spawn_req *req = lua_call_buffer(L, sizeof(*req));

	*req = (struct spawn_req){ .ops = &lua_program_ops, .program = child, .thread = thread,
				   .name = lua_task_of(L)->u->task->name, .cpu = -1 };
	lua_top_frame(L)->spawning = req;
	return LUA_CALL(L, CALL_SPAWN, k_spawn, (s64)(intptr_t)req);
}

/*
 * fork(fn, ...) -> pid: a child that shares descriptors and runs fn with its own copy of everything
 * that fn can reach, as it is now.
 */
static int l_fork(lua_State *L)
{
	struct lua_task *t = lua_task_of(L);
	int n = lua_gettop(L);
	struct lua_proc *proc;
	bool before;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_check_yieldable(L);
	luaL_checkstack(L, n + 8, "too many arguments");
	/* The arguments, and the handlers that the child inherits, in one copy. */
	lua_createtable(L, n + 1, 0);
	for (int i = 1; i <= n; i++) {
		lua_pushvalue(L, i);
		lua_rawseti(L, -2, i);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, t->proc->handlers);
	lua_setfield(L, -2, "handlers");
	lua_copy_value(L, -1);
	before = lua_unlimited_begin(t->proc->lw);
	proc = lua_proc_new(t->proc->lw); /* from here on nothing raises */
	if (lua_getfield(L, -1, "handlers") == LUA_TNIL)
		lua_pop(L, 1);
	else
		proc->handlers = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_unlimited_end(t->proc->lw, before);
	for (int i = 1; i <= n; i++)
		lua_rawgeti(L, n + 2, i);
	return spawn_call(L, lua_task_new(L, proc, n - 1, false), false);
}

/* thread(fn, ...) -> tid: shares everything with its creator. */
static int l_thread(lua_State *L)
{
	struct lua_task *t = lua_task_of(L);

	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_check_yieldable(L);
	return spawn_call(L, lua_task_new(L, t->proc, lua_gettop(L) - 1, true), true);
}

static int k_wait(lua_State *L, int status, lua_KContext ctx)
{
	int w = *(int *)lua_call_buffer(L, 0);

	if (lua_result(L) < 0)
		return lua_push_error(L, lua_result(L));
	lua_pushinteger(L, lua_result(L));
	if (!lua_result(L))
		return lua_pushliteral(L, "running"), 2;
	if (WIFSIGNALED(w)) {
		lua_pushliteral(L, "killed");
		lua_pushinteger(L, WTERMSIG(w));
	} else if (WIFSTOPPED(w)) {
		lua_pushliteral(L, "stopped");
		lua_pushinteger(L, WSTOPSIG(w));
	} else {
		lua_pushliteral(L, "exited");
		lua_pushinteger(L, WEXITSTATUS(w));
	}
	return 3;
}

/* wait([pid [, options]]) -> pid, "exited" | "killed" | "stopped", status */
static int l_wait(lua_State *L)
{
	lua_task_of(L);
	return LUA_CALL(L, SYS_wait4, k_wait, luaL_optinteger(L, 1, -1),
			(s64)(intptr_t)lua_call_buffer(L, sizeof(int)), luaL_optinteger(L, 2, 0));
}

static int l_exit(lua_State *L)
{
	lua_Integer status = lua_isboolean(L, 1) ? !lua_toboolean(L, 1) : luaL_optinteger(L, 1, 0);

	return LUA_CALL(L, SYS_exit_group, lua_k_result, status);
}

static int l_exit_thread(lua_State *L)
{
	return LUA_CALL(L, SYS_exit, lua_k_result, luaL_optinteger(L, 1, 0));
}

static int l_getpid(lua_State *L)
{
	return LUA_CALL(L, SYS_getpid, lua_k_result, 0);
}

static int l_getppid(lua_State *L)
{
	return LUA_CALL(L, SYS_getppid, lua_k_result, 0);
}

static int l_gettid(lua_State *L)
{
	return LUA_CALL(L, SYS_gettid, lua_k_result, 0);
}

/* setaffinity(cpu, ...): the calling thread may run on these CPUs. */
static int l_setaffinity(lua_State *L)
{
	int n = lua_gettop(L);
	u64 *mask;

	lua_task_of(L);
	mask = lua_call_buffer(L, 4 * sizeof(*mask));
	memset(mask, 0, 4 * sizeof(*mask));
	for (int i = 1; i <= n; i++) {
		lua_Integer cpu = luaL_checkinteger(L, i);

		luaL_argcheck(L, cpu >= 0 && cpu < 256, i, "not in 0..255");
		mask[cpu / 64] |= 1ull << cpu % 64;
	}
	return LUA_CALL(L, SYS_sched_setaffinity, lua_k_result, 0, 4 * sizeof(*mask),
			(s64)(intptr_t)mask);
}

/* ---- signals ------------------------------------------------------------------------------------- */

/* The actions of the process: by signal number a function, "ignore", or nothing for the default. */
static void set_action(lua_State *L, lua_Integer signo, int value)
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, lua_task_of(L)->proc->handlers);
	lua_pushvalue(L, value);
	lua_rawseti(L, -2, signo);
	lua_pop(L, 1);
}

/* Stack: signo, new action, old action (nil: default). */
static int k_signal(lua_State *L, int status, lua_KContext ctx)
{
	if (lua_result(L) < 0) {
		set_action(L, lua_tointeger(L, 1), 3);
		return lua_push_error(L, lua_result(L));
	}
	lua_settop(L, 3);
	if (lua_isnil(L, 3))
		lua_pushliteral(L, "default");
	return 1;
}

/*
 * signal(signo, fn | SIG_DFL | SIG_IGN [, flags]) -> old handler. fn(signo, info) may make calls. flags
 * are SA_RESTART as signal(3) has it unless given.
 */
static int l_signal(lua_State *L)
{
	struct lua_task *t = lua_task_of(L);
	struct ksigaction *act = lua_call_buffer(L, sizeof(*act));
	lua_Integer signo = luaL_checkinteger(L, 1);

	memset(act, 0, sizeof(*act));
	act->flags = (u64)luaL_optinteger(L, 3, SA_RESTART);
	lua_check_yieldable(L);
	lua_settop(L, 3);
	if (lua_isfunction(L, 2)) {
		/* The kernel's name for a handler: above SIG_DFL and SIG_IGN. */
		act->handler = (u64)signo + 1;
	} else {
		const char *s = luaL_checkstring(L, 2);

		act->handler = !strcmp(s, "ignore");
		luaL_argcheck(L, act->handler || !strcmp(s, "default"), 2,
			      "a function, SIG_DFL or SIG_IGN");
		if (!act->handler) {
			lua_pushnil(L);
			lua_replace(L, 2);
		}
	}
	if (t->proc->handlers == LUA_NOREF) {
		lua_newtable(L);
		t->proc->handlers = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	/* Before the call: a signal may come as soon as the kernel knows. */
	lua_rawgeti(L, LUA_REGISTRYINDEX, t->proc->handlers);
	lua_rawgeti(L, -1, signo);
	lua_replace(L, 3);
	lua_settop(L, 3);
	set_action(L, signo, 2);
	return LUA_CALL(L, SYS_rt_sigaction, k_signal, signo, (s64)(intptr_t)act, 0, 8);
}

static int l_kill(lua_State *L)
{
	return LUA_CALL(L, SYS_kill, lua_k_result, luaL_checkinteger(L, 1),
			luaL_checkinteger(L, 2));
}

static int l_tgkill(lua_State *L)
{
	return LUA_CALL(L, SYS_tgkill, lua_k_result, luaL_checkinteger(L, 1),
			luaL_checkinteger(L, 2), luaL_checkinteger(L, 3));
}

static int l_raise(lua_State *L)
{
	struct task *task = lua_task_of(L)->u->task;

	return LUA_CALL(L, SYS_tgkill, lua_k_result, task->proc->pid, task->tid,
			luaL_checkinteger(L, 1));
}

static u64 check_sigset(lua_State *L, int first)
{
	u64 bits = 0;

	for (int i = first; i <= lua_gettop(L); i++) {
		lua_Integer signo = luaL_checkinteger(L, i);

		luaL_argcheck(L, signo >= 1 && signo <= SIG_MAX, i, "not a signal number");
		bits |= 1ull << (signo - 1);
	}
	return bits;
}

/* sigprocmask(how, signo, ...) */
static int l_sigprocmask(lua_State *L)
{
	lua_Integer how = luaL_checkinteger(L, 1);
	u64 *set;

	lua_task_of(L);
	set = lua_call_buffer(L, sizeof(*set));
	*set = check_sigset(L, 2);
	return LUA_CALL(L, SYS_rt_sigprocmask, lua_k_result, how, (s64)(intptr_t)set, 0, 8);
}

/* sigsuspend(signo, ...): waits with exactly these blocked. */
static int l_sigsuspend(lua_State *L)
{
	u64 *set;

	lua_task_of(L);
	set = lua_call_buffer(L, sizeof(*set));
	*set = check_sigset(L, 1);
	return LUA_CALL(L, SYS_rt_sigsuspend, lua_k_result, (s64)(intptr_t)set, 8);
}

static int l_pause(lua_State *L)
{
	return LUA_CALL(L, SYS_pause, lua_k_result, 0);
}

static int l_alarm(lua_State *L)
{
	return LUA_CALL(L, SYS_alarm, lua_k_result, luaL_checkinteger(L, 1));
}

/* ---- time ---------------------------------------------------------------------------------------- */

/* sleep(duration): "10ms", or seconds. 0, or nil, message, EINTR. */
static int l_sleep(lua_State *L)
{
	nsec_t t = lua_check_duration(L, 1);
	struct timespec *ts;

	lua_task_of(L);
	ts = lua_call_buffer(L, 2 * sizeof(*ts));
	ts[0] = (struct timespec){ .tv_sec = t / NSEC_PER_SEC, .tv_nsec = t % NSEC_PER_SEC };
	return LUA_CALL(L, SYS_nanosleep, lua_k_result, (s64)(intptr_t)&ts[0],
			(s64)(intptr_t)&ts[1]);
}

/* nanosleep({tv_sec=, tv_nsec=}), luaposix's form */
static int l_nanosleep(lua_State *L)
{
	struct timespec *ts;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_task_of(L);
	ts = lua_call_buffer(L, 2 * sizeof(*ts));
	lua_getfield(L, 1, "tv_sec");
	lua_getfield(L, 1, "tv_nsec");
	ts[0] = (struct timespec){ .tv_sec = luaL_optinteger(L, -2, 0),
				   .tv_nsec = luaL_optinteger(L, -1, 0) };
	return LUA_CALL(L, SYS_nanosleep, lua_k_result, (s64)(intptr_t)&ts[0],
			(s64)(intptr_t)&ts[1]);
}

static int k_clock(lua_State *L, int status, lua_KContext ctx)
{
	const struct timespec *ts = lua_call_buffer(L, 0);

	if (lua_result(L) < 0)
		return lua_push_error(L, lua_result(L));
	lua_createtable(L, 0, 2);
	lua_pushinteger(L, ts->tv_sec);
	lua_setfield(L, -2, "tv_sec");
	lua_pushinteger(L, ts->tv_nsec);
	lua_setfield(L, -2, "tv_nsec");
	return 1;
}

static int l_clock_gettime(lua_State *L)
{
	lua_task_of(L);
	return LUA_CALL(L, SYS_clock_gettime, k_clock, luaL_optinteger(L, 1, CLOCK_MONOTONIC),
			(s64)(intptr_t)lua_call_buffer(L, sizeof(struct timespec)));
}

/* now() -> virtual ns, without a system call (the vDSO's clock_gettime): costs nothing. */
static int l_now(lua_State *L)
{
	lua_pushinteger(L, lua_world_of(L)->world->sim.now);
	return 1;
}

/* compute(duration): occupies the CPU. */
static int l_compute(lua_State *L)
{
	return LUA_CALL(L, CALL_COMPUTE, lua_k_result, lua_check_duration(L, 1));
}

/* yield(): a point at which another task may be scheduled, and nothing else. */
static int l_yield(lua_State *L)
{
	return LUA_CALL(L, CALL_YIELD, lua_k_result, 0);
}

static int l_sched_yield(lua_State *L)
{
	return LUA_CALL(L, SYS_sched_yield, lua_k_result, 0);
}

static int k_random(lua_State *L, int status, lua_KContext ctx)
{
	if (lua_result(L) < 0)
		return lua_push_error(L, lua_result(L));
	lua_pushlstring(L, lua_call_buffer(L, 0), (size_t)lua_result(L));
	return 1;
}

static int l_getrandom(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 1);

	luaL_argcheck(L, n >= 0 && n <= 1 << 20, 1, "not in 0..1 MiB");
	return LUA_CALL(L, SYS_getrandom, k_random,
			(s64)(intptr_t)lua_call_buffer(L, (size_t)n + 1), n,
			luaL_optinteger(L, 2, 0));
}

static int l_gethostname(lua_State *L)
{
	lua_pushstring(L, lua_task_of(L)->u->task->host->name);
	return 1;
}

static int l_strerror(lua_State *L)
{
	const char *text = strerrordesc_np((int)luaL_checkinteger(L, 1));

	lua_pushstring(L, text ? text : "Unknown error");
	return 1;
}

void lua_open_task(lua_State *L)
{
	static const luaL_Reg regs[] = {
		{ "fork", l_fork },
		{ "thread", l_thread },
		{ "wait", l_wait },
		{ "exit", l_exit },
		{ "exit_thread", l_exit_thread },
		{ "getpid", l_getpid },
		{ "getppid", l_getppid },
		{ "gettid", l_gettid },
		{ "setaffinity", l_setaffinity },
		{ "signal", l_signal },
		{ "kill", l_kill },
		{ "tgkill", l_tgkill },
		{ "raise", l_raise },
		{ "sigprocmask", l_sigprocmask },
		{ "sigsuspend", l_sigsuspend },
		{ "pause", l_pause },
		{ "alarm", l_alarm },
		{ "sleep", l_sleep },
		{ "nanosleep", l_nanosleep },
		{ "clock_gettime", l_clock_gettime },
		{ "now", l_now },
		{ "compute", l_compute },
		{ "yield", l_yield },
		{ "sched_yield", l_sched_yield },
		{ "getrandom", l_getrandom },
		{ "gethostname", l_gethostname },
		{ "strerror", l_strerror },
		{ NULL, NULL },
	};

	lua_add_functions(L, regs);
}
