/* SPDX-License-Identifier: MIT */
/*
 * The command line: options, help, mistakes.
 */
#include "tools/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "tools/cmd.h"

static const struct cli_option options[] = {
    {'s', "seed", "N", "seed of the noise"},
    {'q', "quiet", NULL, "say nothing"},
    {0, "until", "TIME", "stop there"},
    {0, NULL, NULL, NULL},
};

static const struct cli_spec spec = {"test", "[options] FILE", "Tests.", options};

/* Standard output and error go to a file while f runs; returns what was written. */
struct capture {
	FILE *file;
	int out, err;
};

static void capture_begin(struct capture *c)
{
	fflush(stdout);
	fflush(stderr);
	c->file = tmpfile();
	c->out = dup(1);
	c->err = dup(2);
	dup2(fileno(c->file), 1);
	dup2(fileno(c->file), 2);
}

static char *capture_end(struct capture *c, char *buf, size_t len)
{
	size_t n;

	fflush(stdout);
	fflush(stderr);
	dup2(c->out, 1);
	dup2(c->err, 2);
	close(c->out);
	close(c->err);
	rewind(c->file);
	n = fread(buf, 1, len - 1, c->file);
	buf[n] = '\0';
	fclose(c->file);
	return buf;
}

/* Parses and renders what it found: "name=value ..."; then the status. */
static void parse(const char *const *words, char *found, size_t len, char *output, size_t outlen,
		  int *status)
{
	struct capture cap;
	char *argv[16];
	struct cli c;
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	argv[argc] = NULL;
	found[0] = '\0';
	capture_begin(&cap);
	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c)) {
		size_t n = strlen(found);

		snprintf(found + n, len - n, "%s=%s ", c.option ? c.option->name : "arg",
			 c.value ? c.value : "");
	}
	capture_end(&cap, output, outlen);
	*status = c.status;
}

static void test_options(void **state)
{
	static const struct {
		const char *words[8];
		const char *found;
		int status;
		const char *output; /* a part of it */
	} cases[] = {
	    {{"test"}, "", -1, ""},
	    {{"test", "a", "-q", "b"}, "arg=a quiet= arg=b ", -1, ""},
	    {{"test", "-s", "5", "--seed=6", "--seed", "7", "-s8"},
	     "seed=5 seed=6 seed=7 seed=8 ",
	     -1,
	     ""},
	    {{"test", "-q", "--", "--seed", "-q"}, "quiet= arg=--seed arg=-q ", -1, ""},
	    {{"test", "-"}, "arg=- ", -1, ""},
	    {{"test", "--sed", "5"},
	     "",
	     EXIT_USAGE,
	     "sockloom test: there is no option --sed; did you mean --seed?"},
	    {{"test", "--zzzzzzz"}, "", EXIT_USAGE, "there is no option --zzzzzzz\n"},
	    {{"test", "-x"}, "", EXIT_USAGE, "there is no option -x\n"},
	    {{"test", "--seed"}, "", EXIT_USAGE, "--seed needs a value: N"},
	    {{"test", "--quiet=1"}, "", EXIT_USAGE, "--quiet takes no value"},
	    {{"test", "a", "--help"}, "arg=a ", EXIT_OK, "Usage: sockloom test [options] FILE\n"},
	    {{"test", "-h"}, "", EXIT_OK, "  -s, --seed N            seed of the noise\n"},
	};
	char found[256], output[1024];
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		parse(cases[i].words, found, sizeof(found), output, sizeof(output), &status);
		assert_string_equal(found, cases[i].found);
		assert_int_equal(status, cases[i].status);
		assert_non_null(strstr(output, cases[i].output));
		assert_int_equal(*output == '\0', *cases[i].output == '\0');
	}
}

static void test_values(void **state)
{
	char *argv[] = {(char[]){"test"}, (char[]){"--until"}, (char[]){"1.5ms"}, NULL};
	char *bad[] = {(char[]){"test"}, (char[]){"--until"}, (char[]){"soon"}, NULL};
	char *plain[] = {(char[]){"test"}, (char[]){"--until"}, (char[]){"250"}, NULL};
	struct capture cap;
	char output[512];
	struct cli c;
	nsec_t t;
	u64 n;

	cli_init(&c, &spec, 3, argv);
	assert_true(cli_next(&c));
	assert_true(cli_is(&c, "until"));
	assert_false(cli_is(&c, "seed"));
	assert_false(cli_is(&c, CLI_ARGUMENT));
	assert_true(cli_duration(&c, &t));
	assert_int_equal(t, 1500000);
	cli_init(&c, &spec, 3, plain);
	assert_true(cli_next(&c));
	assert_true(cli_duration(&c, &t));
	assert_int_equal(t, 250);
	assert_true(cli_u64(&c, &n));
	assert_int_equal(n, 250);
	cli_init(&c, &spec, 3, bad);
	assert_true(cli_next(&c));
	capture_begin(&cap);
	assert_false(cli_duration(&c, &t));
	capture_end(&cap, output, sizeof(output));
	assert_non_null(strstr(output, "sockloom test: --until soon: "));
	assert_int_equal(c.status, EXIT_USAGE);
	assert_false(cli_next(&c));
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"run", "replay", "show", "shrink", "diff", NULL};

	assert_string_equal(cli_nearest("shwo", names), "show");
	assert_string_equal(cli_nearest("reply", names), "replay");
	assert_string_equal(cli_nearest("rnu", names), "run");
	assert_null(cli_nearest("xyzzy", names));
}

static void test_colors(void **state)
{
	assert_string_equal(cli_color(false, CLI_RED), "");
	assert_string_equal(cli_color(true, CLI_RED), "\033[31m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_nearest),
	    cmocka_unit_test(test_colors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
