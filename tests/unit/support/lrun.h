/* SPDX-License-Identifier: MIT */
/*
 * Scenario texts run from memory: the frame of the tests of Lua programs and of the scenario language.
 */
#ifndef TESTS_UNIT_SUPPORT_LRUN_H
#define TESTS_UNIT_SUPPORT_LRUN_H

#include "sim/scenario/scenario.h"

/* The scenario itself is read as "t.lua". */
#define LRUN_PATH "t.lua"

struct lrun_file {
	const char *path, *text;
};

struct lrun {
	struct scenario_opts o;	       /* path, read, trace and strategy are set by lrun() */
	const struct lrun_file *files; /* more files to include; ends with a NULL path */

	char *err;  /* why it did not load; NULL: it did */
	char *log;  /* what programs printed, a line each: "host: text"; errors as "host! text" */
	size_t len;
	u32 failures;
	nsec_t end;
	u64 hash;
};

/* Loads and runs the text. lrun_free() afterwards. */
void lrun(struct lrun *r, const char *text);
void lrun_free(struct lrun *r);

/* The text must load, no program may fail, and the log must be as expected. */
void lrun_expect(const char *text, const char *log);
/* One program as the body of a function on host "a": its output, without the host's name. */
void lprog_expect(const char *body, const char *log);
/* As lprog_expect(), but the program ends with this error; its first line is compared. */
void lprog_fails(const char *body, const char *error);

#endif
