/* SPDX-License-Identifier: MIT */
/*
 * Private working directories of hosted programs. Their names are visible to the programs (getcwd), so
 * they hold nothing that differs from run to run: no random part, no pid.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/process/hosted_int.h"

#define MAX_RUNS 100

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

/* A directory and all in it. */
static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A run that was killed leaves its directory but not its lock. */
static bool claim(struct hosted_world *hw, int n)
{
	char lock[64], dir[64];
	struct stat st;

	snprintf(lock, sizeof(lock), "/tmp/sockloom.%02d.lock", n);
	snprintf(dir, sizeof(dir), "/tmp/sockloom.%02d", n);
	hw->dir_lock = open(lock, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (hw->dir_lock < 0)
		return false;
	if (flock(hw->dir_lock, LOCK_EX | LOCK_NB) < 0 ||
	    (!lstat(dir, &st) && st.st_uid != geteuid())) {
		close(hw->dir_lock);
		return false;
	}
	remove_tree(dir);
	if (mkdir(dir, 0755) < 0) {
		close(hw->dir_lock);
		return false;
	}
	hw->dir = xstrdup(dir);
	return true;
}

char *hosted_private_directory(struct hosted_world *hw, const char *host)
{
	char *path;

	for (int n = 0; !hw->dir && n < MAX_RUNS; n++)
		claim(hw, n);
	if (!hw->dir)
		return xstrdup("/tmp");
	if (asprintf(&path, "%s/%s.%u", hw->dir, host, ++hw->ndirs) < 0)
		abort();
	if (mkdir(path, 0755) < 0) {
		free(path);
		return xstrdup("/tmp");
	}
	return path;
}

void hosted_dir_free(struct hosted_world *hw)
{
	if (!hw->dir)
		return;
	remove_tree(hw->dir);
	close(hw->dir_lock);
	free(hw->dir);
}
