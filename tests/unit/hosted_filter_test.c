/* SPDX-License-Identifier: MIT */
/*
 * The filter of hosted programs: what stops, what does not, and the edges of the window of native
 * descriptors. Run by an interpreter of the few instructions that seccomp(2) takes here.
 */
#include "tests/unit/unit.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "sim/process/hosted_int.h"

#define X32 0x40000000
#define NOT_THERE (SECCOMP_RET_ERRNO | ENOSYS)
#define NATIVE SECCOMP_RET_ALLOW
#define STOPS SECCOMP_RET_USER_NOTIF

static struct sock_filter *insns;
static u16 count;

static int setup(void **state)
{
	count = hosted_filter_build(&insns);
	return 0;
}

static int teardown(void **state)
{
	free(insns);
	return 0;
}

/* Jumps go forward only, so every run ends; at the last instruction it must have returned. */
static u32 run(const struct seccomp_data *data)
{
	u32 a = 0;

	for (u32 pc = 0; pc < count; pc++) {
		const struct sock_filter *i = &insns[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k % 4 == 0 && i->k < sizeof(*data));
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			fail_msg("instruction %u has code %#x", pc, i->code);
		}
	}
	fail_msg("the filter ends without a return");
	return 0;
}

static u32 call(int nr, u64 arg0)
{
	struct seccomp_data data = { .nr = nr, .arch = AUDIT_ARCH_X86_64, .args = { arg0 } };

	return run(&data);
}

static u32 map(u64 flags, u64 fd)
{
	struct seccomp_data data = { .nr = SYS_mmap, .arch = AUDIT_ARCH_X86_64,
				     .args = { 0, 4096, 1, flags, fd } };

	return run(&data);
}

static void test_classes(void **state)
{
	static const struct {
		int nr;
		u32 action;
	} rows[] = {
		{ SYS_munmap, NATIVE },	      { SYS_brk, NATIVE },
		{ SYS_mprotect, NATIVE },     { SYS_socket, STOPS },
		{ SYS_connect, STOPS },	      { SYS_openat, STOPS },
		{ SYS_close, STOPS },	      { SYS_clock_gettime, STOPS },
		{ SYS_getpid, STOPS },	      { SYS_futex, STOPS },
		{ SYS_getrandom, STOPS },     { SYS_ptrace, STOPS },
		{ SYS_clone, SECCOMP_RET_TRACE }, { SYS_clone3, SECCOMP_RET_TRACE },
		{ SYS_vfork, SECCOMP_RET_TRACE }, { SYS_execve, SECCOMP_RET_TRACE },
		{ SYS_rt_sigreturn, SECCOMP_RET_TRACE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(call(rows[i].nr, 0), rows[i].action);
}

/* Nothing goes native because nobody has heard of it. */
static void test_unknown_numbers(void **state)
{
	for (int nr = 470; nr < 2000; nr++)
		assert_int_equal(call(nr, HOSTED_FD_BASE), STOPS);
	assert_int_equal(call(X32 - 1, 0), STOPS);
	assert_int_equal(call(X32, 0), NOT_THERE);
	assert_int_equal(call(X32 | SYS_munmap, 0), NOT_THERE);
	assert_int_equal(call(-1, 0), NOT_THERE);
}

static void test_other_architectures(void **state)
{
	struct seccomp_data data = { .nr = SYS_munmap, .arch = AUDIT_ARCH_I386 };

	assert_int_equal(run(&data), NOT_THERE);
	data.arch = 0;
	assert_int_equal(run(&data), NOT_THERE);
}

static void test_window(void **state)
{
	static const int calls[] = { SYS_read, SYS_write, SYS_pread64, SYS_ioctl, SYS_getdents64 };
	u64 base = HOSTED_FD_BASE, end = base + HOSTED_FD_COUNT;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_int_equal(call(calls[i], 0), STOPS);
		assert_int_equal(call(calls[i], base - 1), STOPS);
		assert_int_equal(call(calls[i], base), NATIVE);
		assert_int_equal(call(calls[i], end - 1), NATIVE);
		assert_int_equal(call(calls[i], end), STOPS);
		assert_int_equal(call(calls[i], (u32)-1), STOPS);
		/* The kernel looks at 32 bits of a descriptor, and so does the filter. */
		assert_int_equal(call(calls[i], base | 1ull << 32), NATIVE);
		assert_int_equal(call(calls[i], 1ull << 63), STOPS);
	}
	/* Closing it and waiting for it concern the simulator, whatever the number. */
	assert_int_equal(call(SYS_close, base), STOPS);
	assert_int_equal(call(SYS_dup, base), STOPS);
	assert_int_equal(call(SYS_fcntl, base), STOPS);
}

static void test_mappings(void **state)
{
	u64 base = HOSTED_FD_BASE, end = base + HOSTED_FD_COUNT;

	assert_int_equal(map(MAP_PRIVATE | MAP_ANONYMOUS, (u64)-1), NATIVE);
	assert_int_equal(map(MAP_SHARED | MAP_ANONYMOUS, 3), NATIVE);
	assert_int_equal(map(MAP_PRIVATE, 3), STOPS);
	assert_int_equal(map(MAP_PRIVATE, base - 1), STOPS);
	assert_int_equal(map(MAP_SHARED, base), NATIVE);
	assert_int_equal(map(MAP_SHARED, end - 1), NATIVE);
	assert_int_equal(map(MAP_SHARED, end), STOPS);
	assert_int_equal(map(MAP_PRIVATE, (u64)-1), STOPS);
}

/* Names are looked for as text: links are followed where they are known (path_resolution(7)). */
static void test_normalise(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "/", "/" },		    { "//", "/" },
		{ "/a", "/a" },		    { "/a/", "/a" },
		{ "//a///b//", "/a/b" },    { "/a/./b/.", "/a/b" },
		{ "/a/../b", "/b" },	    { "/a/b/../../c", "/c" },
		{ "/..", "/" },		    { "/../../a", "/a" },
		{ "/a/b/..", "/a" },	    { "/a/...", "/a/..." },
		{ "/a/..b/.c", "/a/..b/.c" }, { "/a/b/../../..", "/" },
		{ "", "/" },		    { "/proc/./self/../net//tcp", "/proc/net/tcp" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[64];

		strcpy(path, rows[i].path);
		hosted_normalise(path);
		assert_string_equal(path, rows[i].want);
		/* What is normal stays as it is. */
		hosted_normalise(path);
		assert_string_equal(path, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_classes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_architectures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_window, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mappings, setup, teardown),
		cmocka_unit_test(test_normalise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
