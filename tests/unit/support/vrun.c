/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include "sim/engine/trace.h"
#include "stack/net.h"

#define TIME_LIMIT (1000 * NSEC_PER_SEC)

struct vrun {
	vproc_fn fn;
	bool ended;
};

static void vrun_main(struct vproc *p)
{
	struct vrun *run = vproc_arg(p);

	run->fn(p);
	run->ended = true;
}

void vrun_cpus(vproc_fn fn, int ncpu)
{
	struct trace *tr = trace_new(TRACE_NONE);
	struct world *w = world_new(1, strategy_default(), tr);
	struct host *h = host_new(w, "a", ncpu);
	struct vrun run = { .fn = fn };

	stack_world_init(w);
	net_host_init(h);
	vproc_start(h, "test", vrun_main, &run, 0);
	sim_run(&w->sim, TIME_LIMIT);
	world_destroy(w);
	trace_free(tr, true);
	assert_true(run.ended);
}
