/* SPDX-License-Identifier: MIT */
/*
 * Programs written in Lua: virtual processes that run as coroutines.
 *
 * One Lua state serves a world, since a state for each of 100,000 hosts would not fit. A process is
 * still private: its function is copied with everything that it can reach (upvalues, globals) when it
 * starts and when it forks, as fork(2) copies memory; threads of one process share. What cannot be
 * copied (a C function, a handle of the scenario) cannot be changed either.
 *
 * A call (socket(), recv()...) yields its request out of the coroutine; resume() hands the result back
 * in. Nothing here reads a clock, an address or a hash order: see lua_sandbox.c.
 */
#ifndef SIM_PROCESS_LUA_PROGRAM_H
#define SIM_PROCESS_LUA_PROGRAM_H

#include <lua.h>

#include "sim/host/task.h"

struct lua_world;

struct lua_limits {
	size_t memory;	      /* bytes for all programs of the world; default 1 GiB */
	u64 instructions;     /* between two calls of a program, of loading, of a check; default 2e8 */
};
void lua_limits_default(struct lua_limits *lim);

/* A program that ended with an error of its own (not by a signal that somebody sent). */
struct lua_failure {
	struct host *host;
	int tid;
	char *message; /* "file:line: text" and a traceback */
	bool limit;    /* it ran into a limit: instructions, memory, depth of calls */
};

/*
 * w->process is set. Freed by lua_world_free() after the world was destroyed, whose programs hold
 * coroutines. NULL when limits leave no room for the libraries.
 */
struct lua_world *lua_world_new(struct world *w, const struct lua_limits *lim);
void lua_world_free(struct lua_world *lw);
/*
 * The state. Its globals are the scenario's: an empty table through which the sandbox (and what
 * lua_world_add() adds) can be read.
 */
lua_State *lua_world_state(struct lua_world *lw);
/* Adds the value on top of the stack (popped) to what every scenario and program sees. */
void lua_world_add(struct lua_world *lw, const char *name);
/* From now on programs run, and functions that build the world refuse to. */
void lua_world_start(struct lua_world *lw);
bool lua_world_started(const struct lua_world *lw);
/* Begins to count instructions anew: each check has its own limit. */
void lua_world_count_anew(struct lua_world *lw);
/* The world that L belongs to. */
struct lua_world *lua_world_of(lua_State *L);
struct world *lua_world_get(struct lua_world *lw);
const struct lua_failure *lua_world_failures(const struct lua_world *lw, size_t *n);

/*
 * Starts the function at index fn of L, with the nargs values above it as arguments (all popped), as a
 * process of its own. cpu -1: any. Raises a Lua error when something cannot be copied.
 */
struct process *lua_spawn(lua_State *L, int fn, struct host *h, const char *name, int cpu,
			  nsec_t start);

/* Pushes the array of the keys of the table at idx, in the order of pairs(). */
void lua_sorted_keys(lua_State *L, int idx);

/* Compiles text (never bytecode) under the name that messages show. As luaL_loadbufferx(). */
int lua_world_load(lua_State *L, const char *text, size_t len, const char *chunkname);

#endif
