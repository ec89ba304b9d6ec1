/* SPDX-License-Identifier: MIT */
/*
 * Two runs side by side as a picture: a column for each task, time from top to bottom, the pair of steps that
 * decides in colour.
 */
#ifndef TOOLS_LADDER_H
#define TOOLS_LADDER_H

#include "tools/steps.h"

struct ladder {
	const struct steps *fail, *pass; /* matched */
	const struct step *first, *second; /* of fail; NULL: no pair */
	nsec_t at;	     /* of the decision, in both runs */
	const char *decision; /* NULL: none */
	const char *title;
};

/* EXIT_OK, or EXIT_INTERNAL after an error. */
int ladder_write(const struct ladder *l, const char *path);

#endif
