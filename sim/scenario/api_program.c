/* SPDX-License-Identifier: MIT */
/*
 * host:spawn(name, [options,] function): a program of a host, written in Lua. See api_spawn.c for others.
 */
#include <string.h>

#include "sim/host/host.h"
#include "sim/host/process.h"
#include "sim/scenario/scenario_priv.h"

struct spawn_args {
	nsec_t start;
	int cpu;
	u32 uid, gid;
	const char *label; /* security label */
	u32 nofile;
	bool args;
	nsec_t step_cost;
};

static const struct field spawn_fields[] = {
	FIELD(struct spawn_args, start, FIELD_DURATION),
	FIELD(struct spawn_args, cpu, FIELD_INT, 0, 255),
	FIELD(struct spawn_args, uid, FIELD_U32),
	FIELD(struct spawn_args, gid, FIELD_U32),
	FIELD(struct spawn_args, label, FIELD_STRING),
	FIELD(struct spawn_args, nofile, FIELD_U32, 3, 1048576),
	FIELD(struct spawn_args, step_cost, FIELD_DURATION),
	FIELD(struct spawn_args, args, FIELD_ANY),
};

/* Leaves the function and its arguments on the stack; the index of the function. */
static int push_function(lua_State *L, int fn, const struct spawn_args *a)
{
	lua_Integer n = 0;
	int base = lua_gettop(L) + 1;

	lua_pushvalue(L, fn);
	if (!a->args)
		return base;
	lua_getfield(L, 3, "args");
	n = array_length(L, -1, "spawn: 'args'", 0, 200);
	luaL_checkstack(L, (int)n + 4, "too many arguments");
	for (lua_Integer i = 1; i <= n; i++)
		lua_geti(L, base + 1, i);
	lua_remove(L, base + 1);
	return base;
}

static int h_spawn(lua_State *L)
{
	struct host *h = handle_check(L, 1, HANDLE_HOST)->obj;
	struct spawn_args a = { .cpu = -1, .nofile = 1024, .step_cost = -1 };
	int fn = lua_istable(L, 3) ? 4 : 3;
	struct process *p;
	const char *name;

	scenario_building(L, "spawn");
	if (lua_istable(L, 2))
		return scenario_spawn_hosted(L, h);
	name = luaL_checkstring(L, 2);
	if (fn == 4)
		fields_parse(L, 3, "spawn", spawn_fields, ARRAY_SIZE(spawn_fields), &a, 0);
	if (!lua_isfunction(L, fn) || lua_iscfunction(L, fn))
		return scenario_error(L, "spawn: a Lua function is needed, not %s",
				      lua_isfunction(L, fn) ? "a function of the library" :
							      luaL_typename(L, fn));
	check_nargs(L, "spawn", fn);
	if (a.step_cost > UINT32_MAX)
		return scenario_error(L, "spawn: 'step_cost' must be below 4.2s");
	if (a.cpu >= h->ncpu)
		return scenario_error(L, "spawn: host %s has no CPU %d", h->name, a.cpu);
	if (!*name)
		return scenario_error(L, "spawn: the name is empty");
	if (strlen(name) >= TASK_NAME_LEN)
		return scenario_error(L, "spawn: the name '%s' is longer than %d bytes", name,
				      TASK_NAME_LEN - 1);
	p = lua_spawn(L, push_function(L, fn, &a), h, name, a.cpu, a.start);
	/* Root has every capability, others have none (capabilities(7)). */
	p->uid = a.uid;
	p->gid = a.gid;
	if (a.label)
		process_attr_set(p)->label = host_label(h, a.label);
	if (a.uid)
		p->caps = 0;
	/* As ulimit -S -n. */
	p->nofile = a.nofile;
	p->nofile_max = max(p->nofile_max, p->nofile);
	if (a.step_cost >= 0)
		p->user_step_cost = (u32)a.step_cost;
	lua_pushinteger(L, p->pid);
	return 1;
}

void scenario_open_program(struct scenario *s)
{
	handle_add_method(lua_world_state(s->lw), HANDLE_HOST, "spawn", h_spawn);
}
