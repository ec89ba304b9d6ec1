/* SPDX-License-Identifier: MIT */
/*
 * Any text as a scenario: it loads or is refused with a message, and what loads runs for a millisecond and
 * is freed. Nothing may crash, hang or leak.
 *
 * Files cannot be included, and limits are small, so that the fuzzer spends its time on what we wrote.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace.h"
#include "sim/scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static int read_input(void *ctx, const char *path, char **text, size_t *len, char **err)
{
	const struct input *in = ctx;

	if (strcmp(path, "fuzz.lua")) {
		*err = strdup("no such file");
		return -ENOENT;
	}
	*text = malloc(in->size + 1);
	memcpy(*text, in->data, in->size);
	*len = in->size;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct trace *tr = trace_new(TRACE_ALL);
	struct scenario_opts o = {
		.path = "fuzz.lua", .seed = 1, .strategy = strategy_default(), .trace = tr,
		.read = read_input, .read_ctx = &in, .duration = NSEC_PER_MSEC,
		.memory = 4 << 20, .instructions = 20000,
	};
	char *err = NULL;
	struct scenario *s = scenario_load(&o, &err);

	if (s)
		scenario_finish(s, scenario_run(s, NSEC_PER_MSEC));
	else if (!err || !*err)
		abort();
	scenario_free(s);
	free(err);
	trace_free(tr, true);
	return 0;
}
