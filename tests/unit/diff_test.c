/* SPDX-License-Identifier: MIT */
/*
 * sockloom diff: exit status and what it prints.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "tests/unit/trace_rows.h"
#include "tests/unit/unit.h"
#include "tools/cmd.h"

/* Runs diff in a child; its output goes to buf. */
static int diff(const char *a, const char *b, char *buf, size_t len)
{
	char *argv[] = {(char[]){"diff"}, strdup(a), b ? strdup(b) : NULL, NULL};
	int fd[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(fd[1], 1);
		dup2(fd[1], 2);
		status = cmd_diff(b ? 3 : 2, argv);
		fflush(stdout);
		_exit(status);
	}
	close(fd[1]);
	while ((got = read(fd[0], buf + n, len - 1 - n)) > 0)
		n += (size_t)got;
	buf[n] = '\0';
	close(fd[0]);
	waitpid(pid, &status, 0);
	free(argv[1]);
	free(argv[2]);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_diff(void **state)
{
	char a[64], b[64], out[4096];

	rows_file(rows_path(a, sizeof(a), "a"), TRACE_ALL, 12);
	rows_file(rows_path(b, sizeof(b), "b"), TRACE_ALL, 12);
	assert_int_equal(diff(a, b, out, sizeof(out)), EXIT_OK);
	assert_string_equal(out, "the same: 191 rows\n");
	rows_file(b, TRACE_ALL, 13);
	assert_int_equal(diff(a, b, out, sizeof(out)), EXIT_CHECK);
	assert_non_null(
	    strstr(out, "first difference at 129.7us, after 184 equal rows: another row\n"));
	assert_non_null(strstr(out, "packet       12 rows | 13 rows\n"));
	assert_non_null(strstr(out, "hash  "));
	assert_null(strstr(out, "seed"));
	unlink(a);
	unlink(b);
}

/* Runs that differ only in what was not recorded. */
static void test_hash_only(void **state)
{
	char a[64], b[64], out[4096];

	rows_file(rows_path(a, sizeof(a), "a"), TRACE_NONE, 12);
	rows_file(rows_path(b, sizeof(b), "b"), TRACE_NONE, 13);
	assert_int_equal(diff(a, b, out, sizeof(out)), EXIT_CHECK);
	assert_non_null(strstr(out, "the hashes are not"));
	unlink(a);
	unlink(b);
}

static void test_errors(void **state)
{
	char out[4096];

	assert_int_equal(diff("/nonexistent", "/nonexistent", out, sizeof(out)), EXIT_USAGE);
	assert_string_equal(out, "sockloom diff: /nonexistent: No such file or directory\n");
	assert_int_equal(diff("/nonexistent", NULL, out, sizeof(out)), EXIT_USAGE);
	assert_string_equal(out,
			    "sockloom diff: two traces are needed\nTry 'sockloom diff --help'.\n");
	assert_int_equal(diff("--help", NULL, out, sizeof(out)), EXIT_OK);
	assert_non_null(strstr(out, "Usage: sockloom diff [options] TRACE TRACE\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_diff),
	    cmocka_unit_test(test_hash_only),
	    cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
