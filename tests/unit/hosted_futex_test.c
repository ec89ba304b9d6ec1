/* SPDX-License-Identifier: MIT */
/*
 * What makes two words one futex (futex(2)): the address space and the address, or, for memory that is
 * shared, the place in what is mapped there.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/process/hosted_futex.h"

#define PAGE 4096

struct fixture {
	struct hosted h, other; /* of two processes that map the same memory */
	struct hosted_proc proc[2];
	struct hosted_world hw;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	for (int i = 0; i < 2; i++) {
		f->proc[i].mm = 10 + (u64)i;
		f->proc[i].hw = &f->hw;
	}
	f->h.proc = &f->proc[0];
	f->other.proc = &f->proc[1];
	f->h.tid = f->other.tid = getpid();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->hw.futexes);
	free(f);
	return 0;
}

static struct futex_key key(struct hosted *h, const void *addr, bool private)
{
	struct futex_key k = { 0 };

	assert_int_equal(futex_key(h, (u64)(uintptr_t)addr, private, &k), 0);
	return k;
}

static bool same(struct futex_key a, struct futex_key b)
{
	return a.space == b.space && a.object == b.object && a.offset == b.offset;
}

static void test_alignment(void **state)
{
	struct fixture *f = *state;
	struct futex_key k;

	/* Whether there is memory matters to those that look up what is mapped. */
	for (u64 addr = 4096; addr < 4104; addr++) {
		assert_int_equal(futex_key(&f->h, addr, true, &k), addr % 4 ? -EINVAL : 0);
		assert_int_equal(futex_key(&f->h, addr, false, &k), addr % 4 ? -EINVAL : -EFAULT);
	}
}

/* FUTEX_PRIVATE_FLAG: each address space has its own, whatever is mapped there. */
static void test_private(void **state)
{
	struct fixture *f = *state;
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(same(key(&f->h, map, true), key(&f->h, map, true)));
	assert_false(same(key(&f->h, map, true), key(&f->h, map + 4, true)));
	assert_false(same(key(&f->h, map, true), key(&f->other, map, true)));
	assert_false(same(key(&f->h, map, true), key(&f->h, map, false)));
	munmap(map, PAGE);
}

static void test_shared(void **state)
{
	struct fixture *f = *state;
	int fd = memfd_create("futex", MFD_CLOEXEC), fd2 = memfd_create("futex", MFD_CLOEXEC);
	char *a, *b, *second, *other;

	assert_int_equal(ftruncate(fd, 2 * PAGE) || ftruncate(fd2, PAGE), 0);
	a = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	b = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	second = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	other = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd2, 0);
	/* Of two processes, at two addresses, by two windows: one place. */
	assert_true(same(key(&f->h, a, false), key(&f->other, a, false)));
	assert_true(same(key(&f->h, a + 8, false), key(&f->other, b + 8, false)));
	assert_true(same(key(&f->h, a + PAGE + 12, false), key(&f->other, second + 12, false)));
	assert_false(same(key(&f->h, a, false), key(&f->h, a + 4, false)));
	assert_false(same(key(&f->h, a, false), key(&f->h, second, false)));
	assert_false(same(key(&f->h, a, false), key(&f->h, other, false)));
	munmap(a, 2 * PAGE);
	munmap(b, 2 * PAGE);
	munmap(second, PAGE);
	munmap(other, PAGE);
	close(fd);
	close(fd2);
}

/* Without the flag, memory that nobody shares is the process's own, and another futex than with it. */
static void test_private_memory(void **state)
{
	struct fixture *f = *state;
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(same(key(&f->h, map, false), key(&f->h, map, false)));
	assert_false(same(key(&f->h, map, true), key(&f->h, map, false)));
	assert_false(same(key(&f->h, map, false), key(&f->other, map, false)));
	munmap(map, PAGE);
}

static void test_nobody_waits(void **state)
{
	struct fixture *f = *state;
	struct futex_key k = { .space = 10, .offset = 64 };

	assert_null(futex_find(&f->h, &k));
	assert_int_equal(futex_wake(&f->h, &k, UINT32_MAX, FUTEX_ANY_BIT), 0);
	assert_null(futex_find(&f->h, &k));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_alignment), T(test_private),	  T(test_shared),
		T(test_private_memory), T(test_nobody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
