/* SPDX-License-Identifier: MIT */
/*
 * Extended BPF: maps, which programs are refused, and what they do as socket filters and in SO_REUSEPORT
 * groups (bpf(2), bpf-helpers(7)).
 */
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <sys/prctl.h>

#include "transcript.h"

#define I(c, d, s, o, i) {(unsigned char)(c), (d), (s), (short)(o), (int)(i)}
#define MOV(r, v) I(BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, v)
#define MOVX(d, s) I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ALU(op, r, v) I(BPF_ALU64 | (op) | BPF_K, r, 0, 0, v)
#define ALUX(op, d, s) I(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define LDX(size, d, s, o) I(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STX(size, d, s, o) I(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define ST(size, d, o, v) I(BPF_ST | BPF_MEM | (size), d, 0, o, v)
#define JMP(op, r, v, o) I(BPF_JMP | (op) | BPF_K, r, 0, o, v)
#define JMPX(op, d, s, o) I(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define JA(o) I(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define CALLF(n) I(BPF_JMP | BPF_CALL, 0, 0, 0, n)
#define EXIT I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define MAP(r, fd) I(BPF_LD | BPF_IMM | BPF_DW, r, BPF_PSEUDO_MAP_FD, 0, fd), I(0, 0, 0, 0, 0)
#define IMM64(r, v) I(BPF_LD | BPF_IMM | BPF_DW, r, 0, 0, (v)), I(0, 0, 0, 0, (long)(v) >> 32)

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int map_create(int type, unsigned key, unsigned value, unsigned n, unsigned flags)
{
	union bpf_attr a = {.map_type = type, .key_size = key, .value_size = value,
			    .max_entries = n, .map_flags = flags};

	return (int)bpf(BPF_MAP_CREATE, &a);
}

static long element(int cmd, int fd, const void *key, void *value, unsigned long flags)
{
	union bpf_attr a = {.map_fd = fd, .key = (unsigned long)key, .value = (unsigned long)value,
			    .flags = flags};

	return bpf(cmd, &a);
}
#define LOOKUP(fd, k, v) element(BPF_MAP_LOOKUP_ELEM, fd, k, v, 0)
#define UPDATE(fd, k, v, f) element(BPF_MAP_UPDATE_ELEM, fd, k, v, f)
#define DELETE(fd, k) element(BPF_MAP_DELETE_ELEM, fd, k, NULL, 0)
#define NEXT(fd, k, n) element(BPF_MAP_GET_NEXT_KEY, fd, k, n, 0)

static int load(int type, const struct bpf_insn *insns, int n)
{
	union bpf_attr a = {.prog_type = type, .insns = (unsigned long)insns, .insn_cnt = n,
			    .license = (unsigned long)"GPL"};

	return (int)bpf(BPF_PROG_LOAD, &a);
}

static void try(const char *text, int type, const struct bpf_insn *f, int n)
{
	int fd = load(type, f, n);

	printf("%s: %s\n", text, fd < 0 ? strerrorname_np(errno) : "accepted");
	if (fd >= 0)
		close(fd);
}
#define TRY(...)                                                                                   \
	do {                                                                                       \
		struct bpf_insn f_[] = {__VA_ARGS__};                                              \
		try(#__VA_ARGS__, BPF_PROG_TYPE_SOCKET_FILTER, f_, sizeof(f_) / sizeof(*f_));      \
	} while (0)
#define LOAD(type, ...)                                                                            \
	({                                                                                         \
		struct bpf_insn f_[] = {__VA_ARGS__};                                              \
		load(type, f_, sizeof(f_) / sizeof(*f_));                                          \
	})
#define FILTER(...) LOAD(BPF_PROG_TYPE_SOCKET_FILTER, __VA_ARGS__)
#define PICK(...) LOAD(BPF_PROG_TYPE_SK_REUSEPORT, __VA_ARGS__)

static void maps(void)
{
	unsigned key = 3, next = 99;
	unsigned long value = 7;
	int a, h;

	part("maps");
	CALL(map_create(BPF_MAP_TYPE_ARRAY, 8, 8, 4, 0));
	CALL(map_create(BPF_MAP_TYPE_ARRAY, 4, 0, 4, 0));
	CALL(map_create(BPF_MAP_TYPE_ARRAY, 4, 8, 0, 0));
	CALL(map_create(BPF_MAP_TYPE_HASH, 0, 8, 4, 0));
	CALL(map_create(BPF_MAP_TYPE_HASH, 1000, 8, 4, 0));
	CALL(map_create(9999, 4, 8, 4, 0));
	CALL(map_create(BPF_MAP_TYPE_ARRAY, 4, 8, 4, BPF_F_NO_PREALLOC));
	CALL(map_create(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 12, 4, 0));
	a = FD(map_create(BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0));
	CALL(LOOKUP(a, &key, &value));
	VALUE(value);
	value = 5;
	CALL(UPDATE(a, &key, &value, BPF_ANY));
	CALL(UPDATE(a, &key, &value, BPF_NOEXIST));
	CALL(UPDATE(a, &key, &value, 77));
	CALL(DELETE(a, &key));
	key = 4;
	CALL(LOOKUP(a, &key, &value));
	CALL(UPDATE(a, &key, &value, BPF_ANY));
	key = 0;
	CALL(NEXT(a, &key, &next));
	VALUE(next);
	CALL(NEXT(a, NULL, &next));
	VALUE(next);
	key = 3;
	CALL(NEXT(a, &key, &next));
	CALL(LOOKUP(-1, &key, &value));
	CALL(LOOKUP(0, &key, &value));
	CALL(LOOKUP(a, &key, NULL));
	CALL(LOOKUP(a, NULL, &value));
	part("hash");
	h = FD(map_create(BPF_MAP_TYPE_HASH, 4, 8, 2, 0));
	CALL(LOOKUP(h, &key, &value));
	CALL(DELETE(h, &key));
	CALL(UPDATE(h, &key, &value, BPF_EXIST));
	CALL(UPDATE(h, &key, &value, BPF_NOEXIST));
	CALL(UPDATE(h, &key, &value, BPF_NOEXIST));
	CALL(NEXT(h, NULL, &next));
	VALUE(next);
	key = 8;
	CALL(UPDATE(h, &key, &value, BPF_ANY));
	key = 9;
	CALL(UPDATE(h, &key, &value, BPF_ANY));
	key = 8;
	CALL(DELETE(h, &key));
	CALL(DELETE(h, &key));
	CALL(syscall(SYS_bpf, 9999, NULL, 0));
	close(a);
	close(h);
}

static void form(void)
{
	part("form");
	TRY(MOV(0, 1), EXIT);
	TRY(EXIT);
	TRY(MOV(0, 1));
	TRY(MOV(0, 1), EXIT, EXIT);
	TRY(MOV(0, 1), JA(0), EXIT);
	TRY(MOV(0, 1), JA(1), EXIT);
	TRY(MOV(0, 1), JA(-1), EXIT);
	TRY(MOV(0, 1), JA(-10), EXIT);
	TRY(MOV(10, 1), MOV(0, 1), EXIT);
	TRY(MOV(11, 1), MOV(0, 1), EXIT);
	TRY(MOV(0, 1), ALU(BPF_DIV, 0, 0), EXIT);
	TRY(MOV(0, 1), ALU(BPF_MOD, 0, 0), EXIT);
	TRY(MOV(0, 1), ALU(BPF_DIV, 0, 2), EXIT);
	TRY(MOV(0, 1), ALU(BPF_LSH, 0, 63), EXIT);
	TRY(MOV(0, 1), ALU(BPF_LSH, 0, 64), EXIT);
	TRY(MOV(0, 1), ALU(BPF_ARSH, 0, -1), EXIT);
	TRY(MOV(0, 1), I(BPF_ALU | BPF_RSH | BPF_K, 0, 0, 0, 32), EXIT);
	TRY(MOV(0, 1), I(BPF_ALU64 | 0xf0, 0, 0, 0, 0), EXIT);
	TRY(MOV(0, 1), I(BPF_JMP | 0xf0, 0, 0, 0, 0), EXIT);
	TRY(MOV(0, 1), I(BPF_ALU64 | BPF_ADD | BPF_X, 0, 0, 0, 5), EXIT);
	TRY(MOV(0, 1), I(BPF_ALU64 | BPF_ADD | BPF_K, 0, 3, 0, 5), EXIT);
	TRY(IMM64(0, 1L << 40), EXIT);
	TRY(I(BPF_LD | BPF_IMM | BPF_DW, 0, 0, 0, 1), EXIT);
	TRY(MOV(0, 1), JMP(BPF_JEQ, 0, 1, 1), IMM64(0, 1), EXIT);
	TRY(MAP(1, 99), MOV(0, 0), EXIT);
	TRY(MAP(1, 0), MOV(0, 0), EXIT);
	TRY(MOV(0, 0), CALLF(9999), EXIT);
	TRY(MOV(0, 0), CALLF(BPF_FUNC_sk_select_reuseport), EXIT);
	TRY(CALLF(BPF_FUNC_get_prandom_u32), EXIT);
	TRY(CALLF(BPF_FUNC_ktime_get_ns), EXIT);
	TRY(MOV(0, 0), I(BPF_ALU | BPF_END | BPF_X, 0, 0, 0, 16), EXIT);
	TRY(MOV(0, 0), I(BPF_ALU | BPF_END | BPF_X, 0, 0, 0, 17), EXIT);
	TRY(MOV(0, 0), I(BPF_ALU64 | BPF_NEG, 0, 0, 0, 0), EXIT);
}

static void loops(void)
{
	part("loops");
	TRY(MOV(0, 0), ALU(BPF_ADD, 0, 1), JMP(BPF_JNE, 0, 1000, -2), EXIT);
	TRY(MOV(0, 0), ALU(BPF_ADD, 0, 1), JMP(BPF_JNE, 0, -1, -2), EXIT);
	TRY(MOV(0, 0), JMP(BPF_JNE, 1, 5, -1), EXIT);
	TRY(CALLF(BPF_FUNC_get_prandom_u32), JMP(BPF_JNE, 0, 5, -2), EXIT);
	TRY(CALLF(BPF_FUNC_get_prandom_u32), MOVX(6, 0), MOV(0, 0), ALU(BPF_ADD, 0, 1),
	    JMPX(BPF_JLT, 0, 6, -2), EXIT);
}

static void registers(void)
{
	part("registers, stack, context");
	TRY(MOVX(0, 2), EXIT);
	TRY(MOVX(0, 1), EXIT);
	TRY(CALLF(BPF_FUNC_get_prandom_u32), MOVX(0, 1), EXIT);
	TRY(ALU(BPF_ADD, 3, 1), MOV(0, 0), EXIT);
	TRY(MOV(0, 0), JMP(BPF_JEQ, 4, 0, 0), EXIT);
	TRY(ST(BPF_DW, 10, -8, 1), LDX(BPF_DW, 0, 10, -8), EXIT);
	TRY(ST(BPF_DW, 10, 0, 1), MOV(0, 0), EXIT);
	TRY(ST(BPF_DW, 10, -512, 1), MOV(0, 0), EXIT);
	TRY(ST(BPF_DW, 10, -520, 1), MOV(0, 0), EXIT);
	TRY(ST(BPF_DW, 10, -12, 1), MOV(0, 0), EXIT);
	TRY(ST(BPF_B, 10, -1, 1), LDX(BPF_B, 0, 10, -1), EXIT);
	TRY(LDX(BPF_B, 0, 10, 0), EXIT);
	TRY(LDX(BPF_DW, 0, 10, -516), EXIT);
	TRY(MOV(2, 100), LDX(BPF_B, 0, 2, 0), EXIT);
	TRY(LDX(BPF_W, 0, 1, 0), EXIT);
	TRY(LDX(BPF_W, 0, 1, 1), EXIT);
	TRY(LDX(BPF_W, 0, 1, -4), EXIT);
	TRY(LDX(BPF_W, 0, 1, 76), EXIT);
	TRY(LDX(BPF_W, 0, 1, 1000), EXIT);
	TRY(ST(BPF_W, 1, 48, 5), LDX(BPF_W, 0, 1, 48), EXIT);
	TRY(ST(BPF_W, 1, 0, 5), MOV(0, 0), EXIT);
	TRY(ALU(BPF_ADD, 1, 4), LDX(BPF_W, 0, 1, 0), EXIT);
	TRY(ALU(BPF_MUL, 1, 4), MOV(0, 0), EXIT);
	TRY(STX(BPF_DW, 10, 1, -8), LDX(BPF_DW, 2, 10, -8), LDX(BPF_W, 0, 2, 0), EXIT);
	TRY(STX(BPF_DW, 10, 1, -8), ST(BPF_B, 10, -8, 0), LDX(BPF_DW, 2, 10, -8),
	    LDX(BPF_W, 0, 2, 0), EXIT);
	TRY(MOVX(6, 1), I(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), EXIT);
	TRY(I(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), EXIT);
	TRY(MOVX(6, 1), I(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), MOVX(0, 1), EXIT);
}

#define KEY0 ST(BPF_W, 10, -4, 0), MOVX(2, 10), ALU(BPF_ADD, 2, -4)

static void map_access(int a)
{
	part("access to maps");
	TRY(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), JMP(BPF_JEQ, 0, 0, 1),
	    LDX(BPF_DW, 0, 0, 0), EXIT);
	TRY(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), LDX(BPF_DW, 0, 0, 0), EXIT);
	TRY(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), JMP(BPF_JNE, 0, 0, 1),
	    LDX(BPF_DW, 0, 0, 0), EXIT);
	TRY(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), JMP(BPF_JEQ, 0, 0, 1),
	    LDX(BPF_DW, 0, 0, 1), EXIT);
	TRY(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), JMP(BPF_JEQ, 0, 0, 1),
	    LDX(BPF_B, 0, 0, -1), EXIT);
	TRY(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), JMP(BPF_JEQ, 0, 0, 2),
	    ALU(BPF_ADD, 0, 4), LDX(BPF_W, 0, 0, 0), EXIT);
	TRY(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), JMP(BPF_JEQ, 0, 0, 4), MOVX(6, 0),
	    LDX(BPF_DW, 7, 0, 0), ALUX(BPF_ADD, 6, 7), LDX(BPF_B, 0, 6, 0), EXIT);
	TRY(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), JMP(BPF_JEQ, 0, 0, 5), MOVX(6, 0),
	    LDX(BPF_DW, 7, 0, 0), ALU(BPF_AND, 7, 7), ALUX(BPF_ADD, 6, 7), LDX(BPF_B, 0, 6, 0), EXIT);
	TRY(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), JMP(BPF_JEQ, 0, 0, 5), MOVX(6, 0),
	    LDX(BPF_DW, 7, 0, 0), JMP(BPF_JGT, 7, 7, 2), ALUX(BPF_ADD, 6, 7), LDX(BPF_B, 0, 6, 0),
	    MOV(0, 0), EXIT);
	TRY(MAP(1, a), MOV(2, 0), CALLF(BPF_FUNC_map_lookup_elem), EXIT);
	TRY(KEY0, CALLF(BPF_FUNC_map_lookup_elem), EXIT);
	TRY(KEY0, MAP(1, a), LDX(BPF_DW, 0, 1, 4000), EXIT);
	TRY(MOV(2, 0), MOVX(3, 10), ALU(BPF_ADD, 3, -16), MOV(4, 16), CALLF(BPF_FUNC_skb_load_bytes), EXIT);
	TRY(MOV(2, 0), MOVX(3, 10), ALU(BPF_ADD, 3, -16), MOV(4, 17), CALLF(BPF_FUNC_skb_load_bytes), EXIT);
	TRY(MOV(2, 0), MOVX(3, 10), ALU(BPF_ADD, 3, -16), MOV(4, 0), CALLF(BPF_FUNC_skb_load_bytes), EXIT);
	TRY(MOV(2, 0), MOVX(3, 10), ALU(BPF_ADD, 3, -16), MOV(4, -1), CALLF(BPF_FUNC_skb_load_bytes), EXIT);
}

static int attach(int fd, int name, int prog)
{
	return setsockopt(fd, SOL_SOCKET, name, &prog, sizeof(prog));
}

/* Counts packets in a map, and cuts them to what another element says. */
static void filters(int a)
{
	int rx = socket(AF_INET, SOCK_DGRAM, 0), tx = socket(AF_INET, SOCK_DGRAM, 0), prog, none;
	int one = 1;
	unsigned key = 0;
	unsigned long value = 0;
	char buf[100];
	socklen_t len = 100;

	part("as a socket filter");
	UPDATE(a, &key, &value, BPF_ANY);
	key = 1;
	value = 13;
	UPDATE(a, &key, &value, BPF_ANY);
	bind(rx, ADDR("127.0.0.1:0"));
	connect(tx, TO("127.0.0.1", rx));
	prog = FD(FILTER(KEY0, MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem), JMP(BPF_JEQ, 0, 0, 2),
			 MOV(1, 1), I(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD), KEY0,
			 ST(BPF_W, 10, -4, 1), MAP(1, a), CALLF(BPF_FUNC_map_lookup_elem),
			 JMP(BPF_JEQ, 0, 0, 1), LDX(BPF_DW, 0, 0, 0), EXIT));
	CALL(attach(rx, SO_ATTACH_BPF, prog));
	CALL(attach(rx, SO_ATTACH_BPF, -1));
	CALL(attach(rx, SO_ATTACH_BPF, rx));
	CALL(attach(rx, SO_ATTACH_BPF, a));
	CALL(setsockopt(rx, SOL_SOCKET, SO_ATTACH_BPF, &prog, 8));
	CALL(getsockopt(rx, SOL_SOCKET, SO_GET_FILTER, buf, &len));
	CALL(send(tx, "hello world", 11, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	value = 0;
	UPDATE(a, &key, &value, BPF_ANY);
	CALL(send(tx, "hello world", 11, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	key = 0;
	CALL(LOOKUP(a, &key, &value));
	VALUE(value);
	/* The fifth byte of the message, behind the header of 8: only 'o'. */
	none = FD(FILTER(MOV(2, 12), MOVX(3, 10), ALU(BPF_ADD, 3, -1), MOV(4, 1),
			 CALLF(BPF_FUNC_skb_load_bytes), LDX(BPF_B, 1, 10, -1), MOV(0, 0),
			 JMP(BPF_JNE, 1, 'o', 1), MOV(0, -1), EXIT));
	CALL(attach(rx, SO_ATTACH_BPF, none));
	CALL(close(none));
	CALL(send(tx, "hello", 5, 0));
	CALL(send(tx, "help!", 5, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	CALL(setsockopt(rx, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)));
	CALL(attach(rx, SO_ATTACH_BPF, prog));
	CALL(setsockopt(rx, SOL_SOCKET, SO_DETACH_BPF, &one, sizeof(one)));
	close(prog);
	close(rx);
	close(tx);
}

static int member(int port_from)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (port_from < 0)
		bind(fd, ADDR("127.0.0.1:0"));
	else
		bind(fd, TO("127.0.0.1", port_from));
	return fd;
}

/* Which of three has a datagram. */
static void who(const int fd[3])
{
	char buf[10];

	printf("  got by:");
	for (int i = 0; i < 3; i++) {
		while (recv(fd[i], buf, sizeof(buf), MSG_DONTWAIT) >= 0)
			printf(" %d", i);
	}
	printf("\n");
}

static void reuseport(void)
{
	int fd[3], tx = socket(AF_INET, SOCK_DGRAM, 0), prog, classic, socks, other, lone;
	struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_A, 0)};
	struct sock_fprog fprog = {.len = 2, .filter = code};
	unsigned key;
	unsigned long value = 0;
	char c;

	part("SO_REUSEPORT");
	fd[0] = member(-1);
	fd[1] = member(fd[0]);
	fd[2] = member(fd[0]);
	connect(tx, TO("127.0.0.1", fd[0]));
	lone = socket(AF_INET, SOCK_DGRAM, 0);
	CALL(setsockopt(lone, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &fprog, sizeof(fprog)));
	CALL(setsockopt(lone, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &key, sizeof(key)));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &key, sizeof(key)));
	/* Its first byte names the member. */
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &fprog, sizeof(fprog)));
	for (c = 0; c < 3; c++) {
		CALL(send(tx, &c, 1, 0));
		who(fd);
	}
	CALL(setsockopt(fd[2], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &key, sizeof(key)));
	prog = FD(FILTER(LDX(BPF_W, 0, 1, 0), EXIT)); /* its length */
	CALL(attach(fd[0], SO_ATTACH_REUSEPORT_EBPF, prog));
	CALL(send(tx, "", 0, 0));
	who(fd);
	CALL(send(tx, "1", 1, 0));
	who(fd);
	CALL(send(tx, "12", 2, 0));
	who(fd);
	socks = FD(map_create(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 4, 0));
	key = 0;
	value = (unsigned long)fd[2];
	CALL(UPDATE(socks, &key, &value, BPF_ANY));
	CALL(UPDATE(socks, &key, &value, BPF_NOEXIST));
	key = 1;
	CALL(UPDATE(socks, &key, &value, BPF_ANY));
	value = (unsigned long)lone;
	CALL(UPDATE(socks, &key, &value, BPF_ANY));
	value = (unsigned long)socks;
	CALL(UPDATE(socks, &key, &value, BPF_ANY));
	value = 999;
	CALL(UPDATE(socks, &key, &value, BPF_ANY));
	other = member(-1);
	value = (unsigned long)other;
	CALL(UPDATE(socks, &key, &value, BPF_ANY));
	key = 2;
	CALL(LOOKUP(socks, &key, &value));
	/* The first byte of the payload is the key; "x" is dropped. */
	classic = FD(PICK(
		LDX(BPF_DW, 2, 1, 0), LDX(BPF_DW, 3, 1, 8), MOV(0, SK_DROP), MOVX(4, 2), ALU(BPF_ADD, 4, 9),
		JMPX(BPF_JGT, 4, 3, 12), LDX(BPF_B, 5, 2, 8), JMP(BPF_JEQ, 5, 'x', 11),
		STX(BPF_W, 10, 5, -4), MAP(2, socks), MOVX(3, 10), ALU(BPF_ADD, 3, -4), MOV(4, 0),
		CALLF(BPF_FUNC_sk_select_reuseport), MOVX(6, 0), MOV(0, SK_PASS), JA(1), MOV(0, SK_PASS), EXIT));
	CALL(attach(fd[0], SO_ATTACH_BPF, classic));
	CALL(attach(fd[0], SO_ATTACH_REUSEPORT_EBPF, classic));
	c = 0;
	CALL(send(tx, &c, 1, 0));
	who(fd);
	CALL(send(tx, "x", 1, 0));
	settle();
	who(fd);
	CALL(send(tx, &c, 1, 0)); /* there was no port for the one before */
	CALL(send(tx, &c, 1, 0));
	who(fd);
	CALL(close(fd[2]));
	fd[2] = member(fd[0]);
	key = 0;
	CALL(LOOKUP(socks, &key, &value));
	CALL(DELETE(socks, &key));
	key = 1;
	CALL(DELETE(socks, &key));
	CALL(DELETE(socks, &key));
}

static void unprivileged(void)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {{0, 0, 0}, {0, 0, 0}};
	int a = map_create(BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0);
	unsigned key = 0;
	unsigned long value;

	part("without capabilities");
	syscall(SYS_capset, &h, d);
	CALL(map_create(BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0));
	CALL(FILTER(MOV(0, 1), EXIT));
	CALL(LOOKUP(a, &key, &value));
}

int main(void)
{
	int a = map_create(BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0);

	maps();
	form();
	loops();
	registers();
	map_access(a);
	filters(a);
	reuseport();
	unprivileged();
	return 0;
}
