/* SPDX-License-Identifier: MIT */
/*
 * nic{qdisc = ...}: a discipline by its name, or by a table that names it first: {"netem", delay="10ms"}.
 */
#include <string.h>

#include "nic/qdisc.h"
#include "sim/scenario/scenario_priv.h"

static const struct field netem_fields[] = {
	FIELD(struct netem_params, delay, FIELD_DURATION),
	FIELD(struct netem_params, jitter, FIELD_DURATION),
	FIELD(struct netem_params, loss, FIELD_RATIO),
	FIELD(struct netem_params, duplicate, FIELD_RATIO),
	FIELD(struct netem_params, corrupt, FIELD_RATIO),
	FIELD(struct netem_params, reorder, FIELD_RATIO),
	FIELD(struct netem_params, gap, FIELD_U32),
	FIELD(struct netem_params, rate, FIELD_RATE),
	FIELD(struct netem_params, limit, FIELD_U32),
};
static const struct field prio_fields[] = {
	FIELD(struct prio_params, bands, FIELD_INT, 2, 16),
};
static const struct field pfifo_fields[] = {
	FIELD(struct pfifo_params, limit, FIELD_U32),
};
static const struct field fq_fields[] = {
	FIELD(struct fq_params, limit, FIELD_U32),
	FIELD(struct fq_params, flow_limit, FIELD_U32),
	FIELD(struct fq_params, quantum, FIELD_U32),
	FIELD(struct fq_params, initial_quantum, FIELD_U32),
	FIELD(struct fq_params, maxrate, FIELD_RATE),
	FIELD(struct fq_params, horizon, FIELD_DURATION),
};

static const struct {
	const char *kind;
	const struct field *fields;
	size_t n;
} kinds[] = {
	{ "netem", netem_fields, ARRAY_SIZE(netem_fields) },
	{ "prio", prio_fields, ARRAY_SIZE(prio_fields) },
	{ "pfifo", pfifo_fields, ARRAY_SIZE(pfifo_fields) },
	{ "fq", fq_fields, ARRAY_SIZE(fq_fields) },
	{ "pfifo_fast", NULL, 0 },
	{ "mq", NULL, 0 },
	{ "noqueue", NULL, 0 },
};

union qdisc_params {
	struct netem_params netem;
	struct prio_params prio;
	struct pfifo_params pfifo;
	struct fq_params fq;
};

void scenario_set_qdisc(lua_State *L, int idx, struct net_device *dev)
{
	union qdisc_params params;
	const char *kind;
	bool table = lua_istable(L, idx);
	int err;

	memset(&params, 0, sizeof(params));
	if (table)
		lua_geti(L, idx, 1);
	else
		lua_pushvalue(L, idx);
	kind = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
	if (!kind)
		scenario_error(L, "nic: qdisc must be a name or a table that begins with one");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].kind, kind))
			continue;
		if (table)
			fields_parse(L, idx, kind, kinds[i].fields, kinds[i].n, &params, 1);
		/* One of pfifo_fast for each queue is what mq makes. */
		if (!strcmp(kind, "pfifo_fast"))
			kind = "mq";
		err = dev_set_qdisc(dev, kind, table ? &params : NULL);
		if (err)
			scenario_error(L, "nic: the parameters of qdisc %s are wrong", kind);
		lua_pop(L, 1);
		return;
	}
	scenario_error(L, "nic: qdisc '%s' is not known; known are pfifo_fast, pfifo, prio, netem, fq, "
			  "mq, noqueue",
		       kind);
}
