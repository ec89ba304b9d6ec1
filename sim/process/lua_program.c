/* SPDX-License-Identifier: MIT */
/*
 * A Lua program as a virtual process: struct program_ops over coroutines.
 *
 * A task has a stack of frames: the program, and above it the signal handlers that interrupted it, each
 * a coroutine of its own. The top frame runs; when a handler returns, the frame below goes on with the
 * result of the call that was interrupted.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "sim/engine/trace.h"
#include "sim/process/lua_priv.h"

#define LUA_KEEP_BUFFER 8192 /* bytes of a call's buffer that a frame keeps */

static struct lua_task **task_slot(lua_State *L)
{
	return (struct lua_task **)lua_getextraspace(L);
}

struct lua_task *lua_task_maybe(lua_State *L)
{
	return *task_slot(L);
}

struct lua_task *lua_task_of(lua_State *L)
{
	struct lua_task *t = lua_task_maybe(L);

	if (!t)
		luaL_error(L, "only a program can call this: use host:spawn()");
	return t;
}

/* ---- processes and tasks ----------------------------------------------------------------------- */

struct lua_proc *lua_proc_new(struct lua_world *lw)
{
	struct lua_proc *p = xcalloc(1, sizeof(*p));

	p->lw = lw;
	p->handlers = LUA_NOREF;
	return p;
}

static void proc_put(struct lua_proc *p)
{
	if (--p->refs)
		return;
	luaL_unref(p->lw->L, LUA_REGISTRYINDEX, p->handlers);
	free(p);
}

/* A coroutine for the function and nargs arguments on top of from's stack, which are popped. */
static void frame_push(struct lua_task *t, lua_State *from, int nargs)
{
	struct lua_world *lw = t->proc->lw;
	bool before = lua_unlimited_begin(lw);
	struct lua_frame *f;

	t->frame = xrealloc(t->frame, (size_t)(t->nframes + 1) * sizeof(*f));
	f = &t->frame[t->nframes++];
	memset(f, 0, sizeof(*f));
	f->co = lua_newthread(from);
	/* A thread inherits the hook of its creator, who may be on the way to his end. */
	lua_sethook(f->co, lua_gethook(lw->L), LUA_MASKCOUNT, lw->hook_interval);
	*task_slot(f->co) = t;
	lua_insert(from, -(nargs + 2));
	lua_xmove(from, f->co, nargs + 1);
	f->ref = luaL_ref(from, LUA_REGISTRYINDEX);
	f->nargs = nargs;
	lua_unlimited_end(lw, before);
}

static void frame_pop(struct lua_task *t)
{
	struct lua_frame *f = &t->frame[--t->nframes];

	luaL_unref(t->proc->lw->L, LUA_REGISTRYINDEX, f->ref);
	/* A child that nobody has taken over. */
	if (f->spawning && f->spawning->program)
		lua_task_free(f->spawning->program);
	free(f->buf);
}

struct lua_task *lua_task_new(lua_State *from, struct lua_proc *proc, int nargs, bool thread)
{
	struct lua_task *t = xcalloc(1, sizeof(*t));

	t->proc = proc;
	proc->refs++;
	t->thread = thread;
	frame_push(t, from, nargs);
	return t;
}

void lua_task_free(struct lua_task *t)
{
	while (t->nframes)
		frame_pop(t);
	proc_put(t->proc);
	free(t->frame);
	free(t);
}

struct process *lua_spawn(lua_State *L, int fn, struct host *h, const char *name, int cpu,
			  nsec_t start)
{
	int nargs = lua_gettop(L) - fn;
	struct lua_proc *proc;
	struct lua_task *t;

	/* One copy of all, so that what arguments and function share stays shared. */
	lua_createtable(L, nargs + 1, 0);
	for (int i = 0; i <= nargs; i++) {
		lua_pushvalue(L, fn + i);
		lua_rawseti(L, -2, i + 1);
	}
	lua_copy_value(L, -1);
	luaL_checkstack(L, nargs + 4, "too many arguments");
	for (int i = 0; i <= nargs; i++)
		lua_rawgeti(L, fn + nargs + 2, i + 1);
	proc = lua_proc_new(lua_world_of(L)); /* from here on nothing raises */
	t = lua_task_new(L, proc, nargs, false);
	lua_settop(L, fn - 1);
	return process_spawn(h, name, &lua_program_ops, t, cpu, start);
}

/* ---- calls ------------------------------------------------------------------------------------- */

void lua_check_yieldable(lua_State *L)
{
	lua_task_of(L);
	if (!lua_isyieldable(L))
		luaL_error(L, "a program cannot make calls inside a comparison, a metamethod or a "
			      "callback of a library function");
}

int lua_call_yield(lua_State *L, int nr, const s64 a[6], lua_KFunction k)
{
	struct lua_task *t = lua_task_of(L);

	lua_check_yieldable(L);
	t->req->nr = nr;
	memcpy(t->req->a, a, sizeof(t->req->a));
	return lua_yieldk(L, 0, 0, k);
}

static struct lua_frame *top_frame(struct lua_task *t)
{
	return &t->frame[t->nframes - 1];
}

struct lua_frame *lua_top_frame(lua_State *L)
{
	return top_frame(lua_task_of(L));
}

s64 lua_result(lua_State *L)
{
	return lua_top_frame(L)->result;
}

void *lua_call_buffer(lua_State *L, size_t size)
{
	struct lua_frame *f = top_frame(lua_task_of(L));

	/* A large one does not stay for ever: there may be 100,000 programs. */
	if (size > f->cap || (size && f->cap > LUA_KEEP_BUFFER && size < f->cap / 4)) {
		f->buf = xrealloc(f->buf, size);
		f->cap = size;
	}
	return f->buf;
}

int lua_check_array(lua_State *L, int idx, int max)
{
	lua_Unsigned n;

	luaL_checktype(L, idx, LUA_TTABLE);
	n = lua_rawlen(L, idx);
	if (n > (lua_Unsigned)max)
		luaL_argerror(L, idx, lua_pushfstring(L, "more than %d elements", max));
	return (int)n;
}

lua_Integer lua_array_integer(lua_State *L, int idx, int i)
{
	lua_Integer v;
	int ok;

	lua_geti(L, idx, i);
	v = lua_tointegerx(L, -1, &ok);
	if (!ok)
		luaL_argerror(L, idx, lua_pushfstring(L, "element %d must be an integer, not a %s", i,
						      luaL_typename(L, -1)));
	lua_pop(L, 1);
	return v;
}

int lua_push_error(lua_State *L, s64 result)
{
	const char *text = strerrordesc_np((int)-result);

	lua_pushnil(L);
	lua_pushstring(L, text ? text : "Unknown error");
	lua_pushinteger(L, -result);
	return 3;
}

int lua_k_result(lua_State *L, int status, lua_KContext ctx)
{
	s64 r = lua_result(L);

	if (r < 0)
		return lua_push_error(L, r);
	lua_pushinteger(L, r);
	return 1;
}

/* ---- running ----------------------------------------------------------------------------------- */

static void record_failure(struct lua_task *t, const char *message)
{
	struct lua_world *lw = t->proc->lw;
	struct task *task = t->u->task;
	struct lua_failure *f;

	trace_log(lw->world->sim.trace, host_now(task->host), task->host->id, task->tid, "stderr",
		  message, strlen(message));
	lw->failures = xrealloc(lw->failures, (lw->nfailures + 1) * sizeof(*lw->failures));
	f = &lw->failures[lw->nfailures++];
	*f = (struct lua_failure){ .host = task->host, .tid = task->tid,
				   .message = xstrdup(message) };
}

/* Pushes the text of the error on top of co onto L: its own, or what __tostring makes of it. */
static void push_error_text(lua_State *L, lua_State *co)
{
	if (lua_type(co, -1) == LUA_TSTRING) {
		lua_pushstring(L, lua_tostring(co, -1));
		return;
	}
	lua_pushvalue(co, -1);
	lua_xmove(co, L, 1);
	if (luaL_getmetafield(L, -1, "__tostring") != LUA_TNIL) {
		lua_insert(L, -2);
		lua_world_count_anew(lua_world_of(L));
		if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING)
			return;
	}
	lua_pop(L, 1);
	lua_pushliteral(L, "(error object is not a string)");
}

/* Lua's own words for too deep a recursion; the other limits have marks of their own. */
static bool hit_limit(const struct lua_world *lw, int st, const char *message)
{
	return st == LUA_ERRMEM || lw->limit_hit || strstr(message, "stack overflow");
}

/* An error of the program is an abort(3) that nobody can catch: the whole process dies of SIGABRT. */
static bool fail(struct lua_task *t, lua_State *co, int st, int *status)
{
	struct lua_world *lw = t->proc->lw;
	bool before = lua_unlimited_begin(lw);

	push_error_text(lw->L, co);
	luaL_traceback(lw->L, co, lua_tostring(lw->L, -1), 0);
	record_failure(t, lua_tostring(lw->L, -1));
	lw->failures[lw->nfailures - 1].limit = hit_limit(lw, st, lua_tostring(lw->L, -2));
	lua_pop(lw->L, 2);
	lua_unlimited_end(lw, before);
	*status = SIGABRT;
	return false;
}

static bool finished(struct lua_task *t, struct syscall_req *req, int *status)
{
	*status = 0;
	if (t->thread)
		return false;
	/* Returning from the main function ends all threads, as in C. */
	*req = (struct syscall_req){ .nr = SYS_exit_group };
	return true;
}

static bool resume(struct utask *u, s64 result, struct syscall_req *req, int *status)
{
	struct lua_task *t = u->program;
	struct lua_frame *f;
	int nres = 0, st;

	t->u = u;
	t->req = req;
	t->instructions = 0;
	if (t->dying) {
		*status = t->dying;
		return false;
	}
	f = top_frame(t);
	/* A handler that has just been pushed: the result of this call comes with SYS_rt_sigreturn. */
	if (f->waiting) {
		f->waiting = false;
		f->result = result;
	}
	st = lua_resume(f->co, t->proc->lw->L, f->started ? 0 : f->nargs, &nres);
	f->started = true;
	if (st == LUA_YIELD) {
		f->waiting = true;
		return true;
	}
	if (st != LUA_OK)
		return fail(t, f->co, st, status);
	if (t->nframes == 1)
		return finished(t, req, status);
	frame_pop(t);
	*req = (struct syscall_req){ .nr = SYS_rt_sigreturn };
	return true;
}

static void push_siginfo(lua_State *L, const struct siginfo *info)
{
	lua_createtable(L, 0, 6);
	lua_pushinteger(L, info->signo);
	lua_setfield(L, -2, "si_signo");
	lua_pushinteger(L, info->code);
	lua_setfield(L, -2, "si_code");
	lua_pushinteger(L, info->pid);
	lua_setfield(L, -2, "si_pid");
	lua_pushinteger(L, info->uid);
	lua_setfield(L, -2, "si_uid");
	lua_pushinteger(L, info->fd);
	lua_setfield(L, -2, "si_fd");
	lua_pushinteger(L, info->band);
	lua_setfield(L, -2, "si_band");
}

static void handle_signal(struct utask *u, const struct siginfo *info, u64 handler,
			  const struct sigset *restore)
{
	struct lua_task *t = u->program;
	lua_State *L = t->proc->lw->L;
	bool before;

	/* Handlers that interrupt each other without end overflow their stack: Linux sends SIGSEGV. */
	if (t->nframes == LUA_MAX_FRAMES) {
		t->dying = SIGSEGV;
		return;
	}
	before = lua_unlimited_begin(t->proc->lw);
	lua_rawgeti(L, LUA_REGISTRYINDEX, t->proc->handlers);
	lua_rawgeti(L, -1, (lua_Integer)handler - 1);
	lua_remove(L, -2);
	lua_pushinteger(L, info->signo);
	push_siginfo(L, info);
	frame_push(t, L, 2);
	lua_unlimited_end(t->proc->lw, before);
}

static void destroy(struct utask *u)
{
	lua_task_free(u->program);
}

const struct program_ops lua_program_ops = {
	.resume = resume,
	.handle_signal = handle_signal,
	.destroy = destroy,
};
