/* SPDX-License-Identifier: MIT */
/*
 * A program whose calls' arguments are copied: the test itself, with some memory that ends.
 */
#ifndef TESTS_UNIT_HOSTED_FIXTURE_H
#define TESTS_UNIT_HOSTED_FIXTURE_H

#include "tests/unit/unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/process/hosted_args.h"
#include "stack/sockopt.h"
#include "stack/syscall_table.h"

#define PAGE 4096
#define PAGES 64 /* that can be accessed, between two that cannot */

struct fixture {
	struct hosted h;
	struct syscall_req req;
	u8 *map, *mem, *end; /* what the program can access: [mem, end) */
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->h.tid = getpid();
	f->map = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(f->map, MAP_FAILED);
	f->mem = f->map + PAGE;
	f->end = f->mem + PAGES * PAGE;
	assert_int_equal(mprotect(f->mem, PAGES * PAGE, PROT_READ | PROT_WRITE), 0);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	munmap(f->map, (PAGES + 2) * PAGE);
	hosted_arena_free(&f->h);
	free(f);
	return 0;
}

#define A(x) ((u64)(uintptr_t)(x))
#define P(i) ((void *)(uintptr_t)f->req.a[i])

static inline int in_array(struct fixture *f, int nr, const u64 *a)
{
	f->h.nr = nr;
	memcpy(f->h.args, a, sizeof(f->h.args));
	f->req.nr = nr;
	return hosted_args_in(&f->h, &f->req);
}
/* Arguments that are not given are 0. */
#define in(f, nr, ...) in_array(f, nr, (u64[6]){__VA_ARGS__})

static inline s64 out(struct fixture *f, s64 result)
{
	s64 ret = hosted_args_out(&f->h, &f->req, result);

	hosted_arena_reset(&f->h);
	return ret;
}

/* A test with a program of its own. */
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
