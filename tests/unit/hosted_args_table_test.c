/* SPDX-License-Identifier: MIT */
/*
 * The table of arguments of hosted calls agrees with the table of calls, and no argument that a
 * program can think of does harm.
 */
#include "tests/unit/hosted_fixture.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "sim/engine/rng.h"

#define LAST_NR 512

/* ---- the table
 * ----------------------------------------------------------------------------------- */

#define K(kind) (1ull << (kind))

/* What a letter of syscall_table.c may be; others are values. */
static u64 kinds_of(char letter)
{
	switch (letter) {
	case 'b':
		return K(WRITE_BUF) | K(SEND_BUF);
	case 'B':
		return K(READ_BUF) | K(RECV_BUF);
	case 'a':
		return K(ADDR_IN);
	case 'A':
		return K(ADDR_OUT);
	case 'l':
		return K(LENGTH) | K(OPTION_LEN);
	case 'h':
		return K(MSG_IN);
	case 'H':
		return K(MSG_OUT);
	case 'v':
		return K(IOVEC_IN) | K(IOVEC_PIPE);
	case 'V':
		return K(IOVEC_OUT);
	case 'W':
		return K(POLLFDS);
	case 'e':
		return K(EPOLL_EVENT);
	case 'E':
		return K(ARRAY_OUT);
	case 't':
		return K(IN) | K(INOUT) | K(TIME_LEFT);
	case 'T':
	case 'Z':
		return K(OUT) | K(OUT_EINTR);
	case 's':
		return K(SIGSET_IN) | K(SIGSET_OUT);
	case 'S':
		return K(STRING);
	case 'o':
		return K(OPTION_IN);
	case 'Q':
		return K(OPTION_OUT);
	case 'i':
	case 'I':
		return K(INOUT) | K(OUT) | K(OUT_POSITIVE);
	case 'c':
		return K(BY_COMMAND);
	case 'p':
		return ~K(VALUE);
	default:
		return K(VALUE);
	}
}

static void test_rows_match_traces(void **state)
{
	for (int nr = 0; nr < LAST_NR; nr++) {
		const struct syscall_entry *e = syscall_entry(nr);
		const struct arg *row = hosted_args_row(nr);

		for (int i = 0; e && e->args[i]; i++) {
			enum arg_kind kind = row ? row[i].kind : VALUE;

			if (!(kinds_of(e->args[i]) & K(kind)))
				fail_msg("%s: argument %d is '%c' in stack/syscall_table.c, and of "
					 "kind %d in sim/process/hosted_args_table.c",
					 e->name, i, e->args[i], kind);
		}
	}
}

/* ---- anything
 * ------------------------------------------------------------------------------------ */

static u64 some_value(struct fixture *f, struct rng *r)
{
	static const u64 values[] = {0,
				     1,
				     2,
				     3,
				     4,
				     8,
				     16,
				     64,
				     128,
				     129,
				     1024,
				     1025,
				     4096,
				     (u64)-1,
				     (u64)-100,
				     0x7fffffff,
				     0x80000000,
				     0xffffffff,
				     1ull << 47,
				     1ull << 63,
				     SOL_SOCKET,
				     SO_ATTACH_FILTER,
				     FIONREAD,
				     SIOCGIFCONF,
				     SIOCGIFINDEX,
				     F_GETLK,
				     PR_SET_NAME};

	switch (rng_below(r, 16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return A(f->mem + rng_below(r, PAGES * PAGE));
	case 4: /* near the ends */
	case 5:
	case 6:
		return A((rng_below(r, 2) ? f->end : f->mem) + rng_below(r, 256) - 128);
	case 7:
		return values[rng_below(r, ARRAY_SIZE(values))];
	default:
		return rng_below(r, 64);
	}
}

/* What the call would say: never more than there is room for. */
static s64 some_result(struct fixture *f, struct rng *r)
{
	const struct arg *row = hosted_args_row(f->h.nr);
	s64 most = 1 << 20;

	for (int i = 0; row && i < 6; i++) {
		if (row[i].kind == ARRAY_OUT || row[i].kind == MMSG_IN || row[i].kind == MMSG_OUT)
			most = max((s64)(int)f->req.a[row[i].other], 0);
	}
	return rng_below(r, 3) ? (s64)rng_below(r, (u32)most + 1) : -(s64)rng_below(r, 134);
}

/*
 * Any call with any arguments over any memory: neither the copies nor the trace read or write what
 * they must not (under AddressSanitizer each copy is a block of its own here).
 */
static void test_anything(void **state)
{
	struct fixture *f = *state;
	struct rng r;
	char text[512];
	u32 made = 0;

	rng_init(&r, 1, 0, RNG_TEST, 0);
	hosted_alloc(&f->h, 1);
	for (u32 round = 0; round < 6000; round++) {
		u64 *words = (u64 *)f->mem, a[6];

		for (int i = 0; i < 64; i++)
			words[rng_below(&r, PAGES * PAGE / 8)] = some_value(f, &r);
		for (int i = 0; i < 6; i++)
			a[i] = some_value(f, &r);
		f->h.arena.used = f->h.arena.size;
		if (!in_array(f, (int)rng_below(&r, LAST_NR), a)) {
			s64 result = some_result(f, &r);

			made++;
			syscall_format(NULL, &f->req, 0, false, text, sizeof(text));
			syscall_format(NULL, &f->req, result, true, text, sizeof(text));
			hosted_args_out(&f->h, &f->req, result);
		} else {
			syscall_format(NULL, &f->req, -EFAULT, true, text, sizeof(text));
		}
		hosted_arena_reset(&f->h);
	}
	assert_true(made > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_rows_match_traces),
	    T(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
