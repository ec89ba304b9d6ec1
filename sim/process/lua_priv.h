/* SPDX-License-Identifier: MIT */
/*
 * Doors between the lua_*.c files.
 */
#ifndef SIM_PROCESS_LUA_PRIV_H
#define SIM_PROCESS_LUA_PRIV_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "sim/process/lua_program.h"
#include "stack/syscall.h"

#define LUA_MAX_FRAMES 8 /* a program and the signal handlers that interrupt each other */

struct lua_world {
	struct world *world;
	lua_State *L;
	size_t used;
	struct lua_limits limits;
	int protected_calls;   /* of the scenario itself */
	bool unlimited;	       /* what must not fail is being done */
	int hook_interval;
	u64 load_instructions; /* of the scenario itself, or of one check */
	bool started;
	bool limit_hit; /* the instruction limit ended something */
	struct rng rng; /* math.random of the scenario itself */
	struct lua_failure *failures;
	size_t nfailures;
};

/* What the threads of a process share beside its globals. */
struct lua_proc {
	u32 refs;
	struct lua_world *lw;
	struct rng rng;
	bool rng_ready;
	int handlers; /* registry reference: table from signal number to function */
};

/* The program itself, or a signal handler that interrupted it. */
struct lua_frame {
	lua_State *co;
	int ref;	/* keeps co alive */
	int nargs;	/* of the first resume */
	bool started;
	bool waiting;	/* its call has not returned yet */
	s64 result;
	void *buf;	/* for calls that fill a buffer; grows */
	size_t cap;
	struct spawn_req *spawning; /* of a fork() that has not returned; in buf */
};

struct lua_task {
	struct lua_proc *proc;
	struct utask *u;
	struct lua_frame *frame; /* grows from one: handlers are rare */
	int nframes;
	struct syscall_req *req; /* where the call under way goes */
	u64 instructions;	 /* since the last call */
	int protected_calls;	 /* pcall() and xpcall() that have not returned */
	bool thread;		 /* not the first of its process */
	int dying;		 /* the status to end with at the next resume() */
};

/* The running program; a Lua error outside of one ("... can be called by a program only"). */
struct lua_task *lua_task_of(lua_State *L);
/* NULL outside of a program. */
struct lua_task *lua_task_maybe(lua_State *L);

/*
 * Ends a C function that makes a call: `return lua_call_yield(L, nr, args, k)`. k is called with the
 * result in lua_result() when the call has returned; pointers in args must stay valid until then: on
 * L's stack, or lua_call_buffer().
 */
int lua_call_yield(lua_State *L, int nr, const s64 a[6], lua_KFunction k);
#define LUA_CALL(L, nr, k, ...) lua_call_yield(L, nr, (const s64[6]){ __VA_ARGS__ }, k)
s64 lua_result(lua_State *L);
struct lua_frame *lua_top_frame(lua_State *L);
/* A buffer of the running frame, valid until its next call. */
void *lua_call_buffer(lua_State *L, size_t size);
/* Continuations: the result as an integer; 0 as 0; errors as nil, message, errno (luaposix). */
int lua_k_result(lua_State *L, int status, lua_KContext ctx);
/* Pushes nil, message, errno for a negative result; 3. */
int lua_push_error(lua_State *L, s64 result);

/* An error unless L is where a call can be made: not inside a callback of a library function. */
void lua_check_yieldable(lua_State *L);
/* The length of the array at idx, which is a table; a Lua error when it is above max. */
int lua_check_array(lua_State *L, int idx, int max);
/* Element i of the array at idx as an integer. */
lua_Integer lua_array_integer(lua_State *L, int idx, int i);

/* Pushes a copy of the value at idx that shares nothing that can change (lua_copy.c). */
void lua_copy_value(lua_State *L, int idx);

/* Makes a task's program from the function and nargs arguments on top of from's stack (popped). */
struct lua_task *lua_task_new(lua_State *from, struct lua_proc *proc, int nargs, bool thread);
void lua_task_free(struct lua_task *t);
struct lua_proc *lua_proc_new(struct lua_world *lw);
extern const struct program_ops lua_program_ops;

/* Work of ours between begin and end is not held against the limit on memory. */
bool lua_unlimited_begin(struct lua_world *lw);
void lua_unlimited_end(struct lua_world *lw, bool before);

/* Counts what a C function does as so many instructions; an error at the limit. */
void lua_charge(lua_State *L, u64 instructions);

/* The iterator of pairs(): a C function with a state. */
int lua_pairs_next(lua_State *L);

/* Sandbox and libraries: each adds to the table on top of the stack. */
void lua_open_base(lua_State *L);
void lua_open_tables(lua_State *L);
void lua_open_math(lua_State *L);
void lua_open_strings(lua_State *L);
void lua_open_constants(lua_State *L);
void lua_open_socket(lua_State *L);
void lua_open_sockopt(lua_State *L);
void lua_open_bpf(lua_State *L);
struct sock_filter;
struct sock_fprog;
/*
 * The filter at idx, an expression or a list, as the value of the option of that name of descriptor 1;
 * its instructions stay on L's stack.
 */
void lua_check_filter(lua_State *L, int idx, int name, struct sock_fprog *prog);
void lua_push_filter(lua_State *L, const struct sock_filter *insns, u32 n);
void lua_open_mmsg(lua_State *L);
void lua_open_io(lua_State *L);
void lua_open_poll(lua_State *L);
void lua_open_task(lua_State *L);
void lua_add_functions(lua_State *L, const luaL_Reg *regs);
/* Replaces the table on top by one that reads through to it and cannot be changed. */
void lua_seal(lua_State *L);
/* Marks the metatable on top as the sandbox's own: never copied. */
void lua_mark_sandbox(lua_State *L);
/* Is the metatable at idx the sandbox's own? */
bool lua_is_sandbox(lua_State *L, int idx);
/* Is the value at idx a sealed library? */
bool lua_is_library(lua_State *L, int idx);

/* Socket addresses as luaposix has them: {family=, addr=, port=} or {family=AF_UNIX, path=}. */
struct sockaddr_storage;
socklen_t lua_check_sockaddr(lua_State *L, int idx, struct sockaddr_storage *ss);
void lua_push_sockaddr(lua_State *L, const struct sockaddr_storage *ss, socklen_t len);
/* A duration from a number of seconds or a string with a unit, in ns. */
nsec_t lua_check_duration(lua_State *L, int idx);

#endif
