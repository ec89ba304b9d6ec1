/* SPDX-License-Identifier: MIT */
/*
 * The reference of the scenario language is complete: every key of the tables of options and every
 * function that scenarios and programs can call is in it, in backquotes.
 */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long len;

	if (!f)
		fail_msg("%s cannot be read: tests run in the project's folder", path);
	fseek(f, 0, SEEK_END);
	len = ftell(f);
	rewind(f);
	text = malloc((size_t)len + 1);
	assert_int_equal(fread(text, 1, (size_t)len, f), len);
	text[len] = '\0';
	fclose(f);
	return text;
}

/* Is the word inside a pair of backquotes, or in the code of the example? */
static bool documented(const char *doc, const char *word)
{
	bool code = false;
	size_t len = strlen(word);

	for (const char *p = doc; *p; p++) {
		if (*p == '`' || *p == '\n') {
			code = *p == '`' && !code;
			continue;
		}
		if (code && !strncmp(p, word, len) && !isalnum(p[len]) && p[len] != '_' &&
		    !isalnum(p[-1]) && p[-1] != '_')
			return true;
	}
	return false;
}

/* The word after each occurrence of intro, up to end. */
static int check_words(const char *path, const char *intro, const char *skip_to, const char *doc)
{
	char *src = read_text(path);
	int n = 0;

	for (char *p = src; (p = strstr(p, intro));) {
		char word[64];
		int len = 0;

		p += strlen(intro);
		if (skip_to && !(p = strstr(p, skip_to)))
			break;
		p += skip_to ? strlen(skip_to) : 0;
		if (sscanf(p, "%63[a-z0-9_]%n", word, &len) != 1)
			continue;
		/* Macros themselves, and names of fields in results. */
		if (!strcmp(word, "member") || !strncmp(word, "tcpi_", 5))
			continue;
		if (!documented(doc, word))
			fail_msg("%s: '%s' is not in scenarios/README.md", path, word);
		n++;
	}
	free(src);
	return n;
}

static void every_name_is_in_the_reference(void **state)
{
	static const char *const api[] = { "host", "link", "nic", "program", "qdisc", "check", "file",
					  "spawn" };
	static const char *const programs[] = { "socket", "sockopt", "mmsg", "io", "poll", "task" };
	char *doc = read_text("scenarios/README.md");
	int keys = 0, functions = 0, calls = 0;

	for (size_t i = 0; i < sizeof(api) / sizeof(api[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "sim/scenario/api_%s.c", api[i]);
		keys += check_words(path, "FIELD(struct ", ", ", doc);
		keys += check_words(path, "FIELD_AS(\"", NULL, doc);
		functions += check_words(path, "scenario_function(s, \"", NULL, doc);
		functions += check_words(path, "HANDLE_HOST, \"", NULL, doc);
		functions += check_words(path, "{ \"", NULL, doc);
	}
	functions += check_words("sim/scenario/scenario.c", "scenario_function(s, \"", NULL, doc);
	keys += check_words("sim/scenario/scenario.c", "FIELD(struct ", ", ", doc);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "sim/process/lua_%s.c", programs[i]);
		calls += check_words(path, "{ \"", NULL, doc);
	}
	/* The patterns above still find what they are meant to. */
	assert_true(keys > 90);
	assert_true(functions > 15);
	assert_true(calls > 60);
	free(doc);
}

static void what_is_missing_is_noticed(void **state)
{
	assert_true(documented("a `host{name}` b", "name"));
	assert_false(documented("a `host` name", "name"));
	assert_false(documented("a `hostname`", "name"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_in_the_reference),
		cmocka_unit_test(what_is_missing_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
