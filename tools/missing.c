/* SPDX-License-Identifier: MIT */
#include "tools/missing.h"

#include <stdio.h>

#include "sim/process/hosted.h"

void print_missing(struct world *w)
{
	size_t n;
	const struct hosted_missing *m = hosted_missing(w, &n);

	if (!n)
		return;
	fprintf(stderr, "not emulated (ENOSYS):");
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s %s %llu", i ? "," : "", m[i].name,
			(unsigned long long)m[i].count);
	fputc('\n', stderr);
}
