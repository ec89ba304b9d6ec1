/* SPDX-License-Identifier: MIT */
/*
 * host:spawn{"/usr/sbin/nginx", "-g", "daemon off;", start = "10ms"}: an ordinary Linux program.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/host/host.h"
#include "sim/host/process.h"
#include "sim/process/hosted.h"
#include "sim/scenario/scenario_priv.h"

#define MAX_ARGS 1000

struct hosted_args {
	const char *name, *cwd;
	const char *label; /* security label */
	nsec_t start, step_cost;
	int cpu;
	u32 uid, gid, nofile;
	bool env, caps, streams;
};

static const struct field hosted_fields[] = {
	FIELD(struct hosted_args, name, FIELD_STRING),
	FIELD(struct hosted_args, cwd, FIELD_STRING),
	FIELD(struct hosted_args, start, FIELD_DURATION),
	FIELD(struct hosted_args, step_cost, FIELD_DURATION),
	FIELD(struct hosted_args, cpu, FIELD_INT, 0, 255),
	FIELD(struct hosted_args, uid, FIELD_U32),
	FIELD(struct hosted_args, gid, FIELD_U32),
	FIELD(struct hosted_args, label, FIELD_STRING),
	FIELD(struct hosted_args, nofile, FIELD_U32, 3, 1048576),
	FIELD(struct hosted_args, env, FIELD_ANY),
	FIELD(struct hosted_args, caps, FIELD_ANY),
	FIELD(struct hosted_args, streams, FIELD_BOOL),
};

static const char *const cap_names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
	"SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
	"LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
	"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
};

/* The strings of the array at idx, as a C array that ends with NULL and must be freed. */
static const char **string_array(lua_State *L, int idx, const char *what)
{
	int n = array_length(L, idx, what, 0, MAX_ARGS);
	const char **v = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof(*v), 0);

	for (int i = 1; i <= n; i++) {
		lua_geti(L, idx, i);
		if (!lua_isstring(L, -1))
			scenario_error(L, "%s: element %d must be a string, not a %s", what, i,
				       luaL_typename(L, -1));
		v[i - 1] = lua_tostring(L, -1); /* the table keeps it, or its number's copy */
		if (lua_type(L, -1) == LUA_TNUMBER) {
			lua_pushvalue(L, -1);
			lua_seti(L, idx, i);
		}
		lua_pop(L, 1);
	}
	v[n] = NULL;
	return v;
}

/* env = {NAME = "value"}: added to, or instead of, what every program gets. In order of names. */
static const char **environment(lua_State *L, bool given)
{
	static const char *const standard[][2] = {
		{ "HOME", "/root" }, { "LANG", "C.UTF-8" },
		{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
	};
	const char **v;
	lua_Integer n = 0;
	int merged, keys;

	lua_newtable(L);
	merged = lua_gettop(L);
	for (size_t i = 0; i < ARRAY_SIZE(standard); i++) {
		lua_pushstring(L, standard[i][1]);
		lua_setfield(L, merged, standard[i][0]);
	}
	if (given) {
		lua_getfield(L, 2, "env");
		check_table(L, -1, "spawn: 'env'", "env = {LANG = \"C\"}");
		for (lua_pushnil(L); lua_next(L, merged + 1);) {
			if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1))
				scenario_error(L, "spawn: 'env' is a table of names and strings, as "
						  "env = {LANG = \"C\"}");
			lua_pushvalue(L, -2);
			lua_insert(L, -2);
			lua_tostring(L, -1);
			lua_settable(L, merged);
		}
	}
	lua_sorted_keys(L, merged);
	keys = lua_gettop(L);
	n = (lua_Integer)lua_rawlen(L, keys);
	lua_createtable(L, (int)n, 0);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, keys, i);
		lua_pushvalue(L, -1);
		lua_gettable(L, merged);
		lua_pushfstring(L, "%s=%s", lua_tostring(L, -2), lua_tostring(L, -1));
		lua_rawseti(L, keys + 1, i);
		lua_pop(L, 2);
	}
	v = string_array(L, keys + 1, "spawn: 'env'");
	return v;
}

static u64 one_cap(lua_State *L, const char *name)
{
	const char *plain = strncmp(name, "CAP_", 4) ? name : name + 4;

	for (size_t i = 0; i < ARRAY_SIZE(cap_names); i++) {
		if (!strcmp(plain, cap_names[i]))
			return 1ull << i;
	}
	scenario_error(L, "spawn: 'caps': there is no capability '%s'; CAP_NET_ADMIN is one", name);
}

/* Root has every capability, others have none (capabilities(7)), unless caps says otherwise. */
static u64 capabilities(lua_State *L, const struct hosted_args *a)
{
	const char **names;
	u64 caps = 0;

	if (!a->caps)
		return a->uid ? 0 : ~0ull;
	lua_getfield(L, 2, "caps");
	check_table(L, -1, "spawn: 'caps'", "caps = {\"CAP_NET_ADMIN\"}");
	names = string_array(L, lua_gettop(L), "spawn: 'caps'");
	for (size_t i = 0; names[i]; i++)
		caps |= one_cap(L, names[i]);
	return caps;
}

int scenario_spawn_hosted(lua_State *L, struct host *h)
{
	struct hosted_args a = { .cpu = -1, .step_cost = -1, .nofile = 1024 };
	struct hosted_options o = { 0 };
	struct process *p;
	char *err = NULL;
	u64 caps;

	check_nargs(L, "spawn", 2);
	if (!lua_rawlen(L, 2))
		return scenario_error(L, "spawn: which program? as "
					 "host:spawn{\"/bin/ping\", \"server\"}");
	fields_parse(L, 2, "spawn", hosted_fields, ARRAY_SIZE(hosted_fields), &a, MAX_ARGS);
	if (a.step_cost > UINT32_MAX)
		return scenario_error(L, "spawn: 'step_cost' must be below 4.2s");
	if (a.cpu >= h->ncpu)
		return scenario_error(L, "spawn: host %s has no CPU %d", h->name, a.cpu);
	o.name = a.name;
	o.cwd = a.cwd;
	o.cpu = a.cpu;
	o.start = a.start;
	o.streams = a.streams;
	o.argv = string_array(L, 2, "spawn");
	o.env = environment(L, a.env);
	caps = capabilities(L, &a);
	p = hosted_spawn(h, &o, &err);
	if (!p) {
		lua_pushstring(L, err);
		free(err);
		return scenario_error(L, "spawn: %s", lua_tostring(L, -1));
	}
	p->uid = a.uid;
	p->gid = a.gid;
	if (a.label)
		process_attr_set(p)->label = host_label(h, a.label);
	p->caps = caps;
	p->nofile = a.nofile;
	p->nofile_max = max(p->nofile_max, p->nofile);
	if (a.step_cost >= 0)
		p->user_step_cost = (u32)a.step_cost;
	lua_pushinteger(L, p->pid);
	return 1;
}
