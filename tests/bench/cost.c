/* SPDX-License-Identifier: MIT */
/*
 * cost FILE COMMAND [ARGUMENT...]: runs a command and writes to FILE what it cost: CPU seconds
 * (user and system), wall seconds, peak resident KiB. Ends with the command's status.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int report(const char *path, const struct rusage *u, double elapsed)
{
	FILE *f = fopen(path, "w");

	if (!f) {
		perror(path);
		return -1;
	}
	fprintf(f, "%.3f %.3f %ld\n", seconds(u->ru_utime) + seconds(u->ru_stime), elapsed,
		u->ru_maxrss);
	return fclose(f);
}

int main(int argc, char **argv)
{
	double start = wall();
	struct rusage u;
	int status;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "cost: FILE COMMAND [ARGUMENT...]\n");
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid) {
		perror("cost");
		return 2;
	}
	if (report(argv[1], &u, wall() - start))
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
