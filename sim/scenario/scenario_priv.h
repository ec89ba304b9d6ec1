/* SPDX-License-Identifier: MIT */
/*
 * Doors between the files of sim/scenario.
 */
#ifndef SIM_SCENARIO_SCENARIO_PRIV_H
#define SIM_SCENARIO_SCENARIO_PRIV_H

#include <lauxlib.h>
#include <lua.h>

#include "nic/link.h"
#include "nic/netdev.h"
#include "nic/switch.h"
#include "sim/process/lua_program.h"
#include "sim/scenario/scenario.h"
#include "stack/net.h"

struct check {
	char *name;
	char *sql;   /* NULL: a function */
	int fn;	     /* registry reference */
	char *where; /* file:line */
};

/* An entry of schedule{}; its host is known by name until all hosts are there. */
struct scheduled {
	char *host;
	struct choice choice;
};

struct scenario {
	struct world *world;
	struct lua_world *lw;
	struct scenario_opts opts;
	char *about;
	nsec_t duration;
	bool *param_used; /* for each of opts.params */
	char *params;	  /* the names that param() has asked for, for messages */
	struct sqlite3 *schema; /* an empty trace, to compile checks against */
	struct check *checks;
	size_t nchecks;
	int include_depth;
	struct scheduled *scheduled;
	size_t nscheduled;
	struct scenario_param *kept; /* what schedule{} says of parameters */
	size_t nkept;
	struct sqlite3 *db; /* while checks run */
	enum trace_level level;
};

/* The scenario that L belongs to; a Lua error once the world runs. */
struct scenario *scenario_building(lua_State *L, const char *what);
struct scenario *scenario_of(lua_State *L);

/* Each adds its functions and types to what scenarios see. */
void scenario_open_host(struct scenario *s);
void scenario_open_nic(struct scenario *s);
void scenario_open_link(struct scenario *s);
void scenario_open_program(struct scenario *s);
void scenario_open_rule(struct scenario *s);
void scenario_open_check(struct scenario *s);
void scenario_open_file(struct scenario *s);

void scenario_open_schedule(struct scenario *s);
/* Makes schedule{} the run's strategy, unless there is one. 0, or -1 and *err. */
int scenario_apply_schedule(struct scenario *s, char **err);
void scenario_free_schedule(struct scenario *s);

/* Registers fn under name for scenarios. */
void scenario_function(struct scenario *s, const char *name, lua_CFunction fn);

/* ---- handles -------------------------------------------------------------------------------------- */

#define HANDLE_HOST "host"
#define HANDLE_NIC "nic"
#define HANDLE_LINK "link"
#define HANDLE_SWITCH "switch"

/* What a handle points at; each is a full userdata with one of the metatables above. */
struct handle {
	void *obj;
	u32 next_port; /* of a switch */
};
void handle_type(lua_State *L, const char *type, const luaL_Reg *methods, lua_CFunction index);
/* Adds a method to a type that handle_type() has made. */
void handle_add_method(lua_State *L, const char *type, const char *name, lua_CFunction fn);
/* What an index function ends with: the method of that name, or an error. */
int handle_method(lua_State *L, const char *type);
void handle_push(lua_State *L, const char *type, void *obj);
struct handle *handle_check(lua_State *L, int idx, const char *type);
struct handle *handle_test(lua_State *L, int idx, const char *type);

/* ---- tables of options ------------------------------------------------------------------------------ */

enum field_type {
	FIELD_INVALID = 0,
	FIELD_STRING,	/* const char *; the table keeps it */
	FIELD_INT,	/* int */
	FIELD_U32,
	FIELD_U64,
	FIELD_BOOL,
	FIELD_DURATION, /* nsec_t */
	FIELD_RATE,	/* u64, bits/s */
	FIELD_SIZE,	/* u64, bytes */
	FIELD_SIZE32,	/* u32, bytes */
	FIELD_RATIO,	/* struct ratio */
	FIELD_ANY,	/* bool: whether it is there; the caller reads it */
};

struct field {
	const char *name;
	enum field_type type;
	size_t off;
	s64 min, max; /* numbers; both 0: any that fits */
};
#define FIELD(struct_type, member, kind, ...) { #member, kind, offsetof(struct_type, member), __VA_ARGS__ }
#define FIELD_AS(text, struct_type, member, kind, ...)                                             \
	{ text, kind, offsetof(struct_type, member), __VA_ARGS__ }

/*
 * Reads the fields of the table at idx into obj. A key that is not among them, a wrong type or unit is a
 * Lua error that names what, the key and what would be right. The keys 1..array are the caller's.
 */
void fields_parse(lua_State *L, int idx, const char *what, const struct field *fields, size_t n,
		  void *obj, int array);
/* The nearest of n known names, for "did you mean"; NULL when none is near. */
const char *suggest(const char *name, const char *const *known, size_t n);
/* Errors unless the value at idx is a table; when there are more than max arguments. */
void check_table(lua_State *L, int idx, const char *what, const char *example);
void check_nargs(lua_State *L, const char *what, int max);
/* The length of the list at idx; an error unless it is in min..max. */
int array_length(lua_State *L, int idx, const char *what, int min, int max);
/* n bytes in hexadecimal, with sep (0: nothing) between them. */
bool parse_hex(const char *text, size_t len, u8 *to, size_t n, char sep);
/* A Lua error "what: text"; does not return. */
_Noreturn int scenario_error(lua_State *L, const char *fmt, ...) __printf_like(2, 3);

nsec_t check_duration(lua_State *L, int idx, const char *what);
union ipaddr check_prefix(lua_State *L, const char *text, int *plen);

/* host:spawn{...}: the table is at 2. */
int scenario_spawn_hosted(lua_State *L, struct host *h);

struct net_device;
/* nic{qdisc = ...}: the value at idx. */
void scenario_set_qdisc(lua_State *L, int idx, struct net_device *dev);

#endif
