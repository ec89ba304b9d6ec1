/* SPDX-License-Identifier: MIT */
#include "tools/params.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"

void params_add(struct params *p, struct cli *c, const char *text)
{
	char *copy = xstrdup(text), *eq = strchr(copy, '=');

	if (!eq || p->n == MAX_PARAMS) {
		free(copy);
		cli_usage(c, eq ? "more than 64 times --set" : "--set needs NAME=VALUE, not '%s'", text);
		return;
	}
	*eq = '\0';
	p->list[p->n++] = (struct scenario_param){ .name = copy, .value = eq + 1 };
}

void params_free(struct params *p)
{
	for (size_t i = 0; i < p->n; i++)
		free((char *)p->list[i].name);
}
