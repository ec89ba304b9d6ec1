/* SPDX-License-Identifier: MIT */
/*
 * Classic socket filters: which programs are refused, what a socket is charged, the lock, and what is left
 * of a message (socket(7) SO_ATTACH_FILTER; Documentation/networking/filter.rst).
 */
#include <linux/filter.h>
#include <linux/sock_diag.h>

#include "transcript.h"

#define S BPF_STMT
#define J BPF_JUMP
#define KEEP(n) S(BPF_RET | BPF_K, n)
#define AD(x) S(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + (x)))

static int attach(int fd, int name, struct sock_filter *f, int len)
{
	struct sock_fprog prog = {.len = (unsigned short)len, .filter = f};

	return setsockopt(fd, SOL_SOCKET, name, &prog, sizeof(prog));
}

static unsigned optmem(int fd)
{
	unsigned mem[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(mem);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len);
	return mem[SK_MEMINFO_OPTMEM];
}

/* One program on a fresh socket: its result, and what it costs. */
static void try(const char *text, struct sock_filter *f, int len)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	printf("%s: %s, %u bytes\n", text,
	       attach(fd, SO_ATTACH_FILTER, f, len) ? strerrorname_np(errno) : "0", optmem(fd));
	close(fd);
}
#define TRY(...)                                                                                   \
	do {                                                                                       \
		struct sock_filter f_[] = {__VA_ARGS__};                                           \
		try(#__VA_ARGS__, f_, sizeof(f_) / sizeof(*f_));                                   \
	} while (0)

static void ancillary(void)
{
	part("ancillary loads");
	for (unsigned ad = 0; ad <= 68; ad += 2) {
		struct sock_filter f[] = {AD(ad), KEEP(1)};
		char text[40];

		snprintf(text, sizeof(text), "SKF_AD_OFF + %u", ad);
		try(text, f, 2);
	}
	TRY(S(BPF_LD | BPF_B | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_CPU)), KEEP(1));
	TRY(S(BPF_LD | BPF_W | BPF_IND, (unsigned)(SKF_AD_OFF + 1)), KEEP(1));
	TRY(S(BPF_LD | BPF_W | BPF_ABS, (unsigned)SKF_NET_OFF), KEEP(1));
	TRY(S(BPF_LD | BPF_W | BPF_ABS, (unsigned)SKF_LL_OFF), KEEP(1));
	TRY(S(BPF_LD | BPF_W | BPF_ABS, 0x80000000), KEEP(1));
}

static void loads(void)
{
	part("loads and sizes");
	TRY(KEEP(1));
	TRY(S(BPF_RET | BPF_A, 0));
	TRY(S(BPF_RET | BPF_X, 0));
	TRY(S(BPF_LD | BPF_B | BPF_ABS, 0), KEEP(1));
	TRY(S(BPF_LD | BPF_B | BPF_ABS, 1), KEEP(1));
	TRY(S(BPF_LD | BPF_H | BPF_ABS, 2), KEEP(1));
	TRY(S(BPF_LD | BPF_W | BPF_ABS, 40000), KEEP(1));
	TRY(S(BPF_LD | BPF_B | BPF_IND, 0), KEEP(1));
	TRY(S(BPF_LD | BPF_W | BPF_IND, 4), KEEP(1));
	TRY(S(BPF_LDX | BPF_B | BPF_MSH, 14), KEEP(1));
	TRY(S(BPF_LDX | BPF_W | BPF_MSH, 14), KEEP(1));
	TRY(S(BPF_LD | BPF_W | BPF_LEN, 0), KEEP(1));
	TRY(S(BPF_LDX | BPF_W | BPF_LEN, 0), KEEP(1));
	TRY(S(BPF_LD | BPF_IMM, 7), KEEP(1));
	TRY(S(BPF_LDX | BPF_IMM, 7), KEEP(1));
	TRY(S(BPF_LD | BPF_B | BPF_MSH, 0), KEEP(1));
	TRY(S(BPF_LD | BPF_H | BPF_LEN, 0), KEEP(1));
	TRY(S(BPF_LDX | BPF_W | BPF_ABS, 0), KEEP(1));
}

static void computing(void)
{
	part("arithmetic and jumps");
	for (int op = 0; op <= 0xf0; op += 0x10) {
		struct sock_filter k[] = {S(BPF_ALU | op | BPF_K, 3), KEEP(1)};
		struct sock_filter x[] = {S(BPF_ALU | op | BPF_X, 3), KEEP(1)};
		struct sock_filter jk[] = {J(BPF_JMP | op | BPF_K, 3, 0, 0), KEEP(1)};
		struct sock_filter jx[] = {J(BPF_JMP | op | BPF_X, 0, 0, 0), KEEP(1)};
		char text[40];

		snprintf(text, sizeof(text), "ALU %#x by a constant", op);
		try(text, k, 2);
		snprintf(text, sizeof(text), "ALU %#x by X", op);
		try(text, x, 2);
		snprintf(text, sizeof(text), "JMP %#x by a constant", op);
		try(text, jk, 2);
		snprintf(text, sizeof(text), "JMP %#x by X", op);
		try(text, jx, 2);
	}
	TRY(S(BPF_ALU | BPF_DIV | BPF_K, 0), KEEP(1));
	TRY(S(BPF_ALU | BPF_MOD | BPF_K, 0), KEEP(1));
	TRY(S(BPF_ALU | BPF_LSH | BPF_K, 31), KEEP(1));
	TRY(S(BPF_ALU | BPF_LSH | BPF_K, 32), KEEP(1));
	TRY(S(BPF_ALU | BPF_RSH | BPF_K, 32), KEEP(1));
	TRY(S(BPF_JMP | BPF_JA, 0), KEEP(1));
	TRY(S(BPF_JMP | BPF_JA, 1), KEEP(1));
	TRY(S(BPF_JMP | BPF_JA, (unsigned)-1), KEEP(1));
	TRY(J(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0), KEEP(1), KEEP(0));
	TRY(J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), KEEP(1), KEEP(0));
	TRY(J(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 1), KEEP(1), KEEP(0));
	TRY(J(BPF_JMP | BPF_JEQ | BPF_K, 1, 2, 0), KEEP(1), KEEP(0));
	TRY(J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2), KEEP(1), KEEP(0));
	TRY(J(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1), KEEP(1), KEEP(0));
	TRY(J(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 0, 1), KEEP(1), KEEP(0));
	TRY(S(BPF_LD | BPF_IMM, 1));
	TRY(KEEP(1), S(BPF_LD | BPF_IMM, 1));
	TRY(S(0xffff, 0), KEEP(1));
}

static void memory(void)
{
	part("scratch memory");
	TRY(S(BPF_ST, 3), S(BPF_LD | BPF_MEM, 3), KEEP(1));
	TRY(S(BPF_STX, 15), S(BPF_LDX | BPF_MEM, 15), KEEP(1));
	TRY(S(BPF_ST, 16), KEEP(1));
	TRY(S(BPF_STX, 16), KEEP(1));
	TRY(S(BPF_LD | BPF_MEM, 0), KEEP(1));
	TRY(S(BPF_ST, 1), S(BPF_LD | BPF_MEM, 0), KEEP(1));
	TRY(S(BPF_ST, 1), S(BPF_LD | BPF_MEM, 16), KEEP(1));
	/* Written on one of two paths; on both; never reached. */
	TRY(J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), S(BPF_ST, 2), S(BPF_LD | BPF_MEM, 2), KEEP(1));
	TRY(J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2), S(BPF_ST, 2), S(BPF_JMP | BPF_JA, 1),
	    S(BPF_STX, 2), S(BPF_LD | BPF_MEM, 2), KEEP(1));
	TRY(S(BPF_JMP | BPF_JA, 1), S(BPF_LD | BPF_MEM, 5), KEEP(1));
}

static struct sock_filter big[4097];

static void limits(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sock_fprog prog = {.len = 1, .filter = big};

	part("lengths");
	for (int i = 0; i < 4097; i++)
		big[i] = (struct sock_filter)KEEP(1);
	CALL(attach(fd, SO_ATTACH_FILTER, big, 4097));
	CALL(attach(fd, SO_ATTACH_FILTER, big, 4096));
	VALUE(optmem(fd));
	CALL(attach(fd, SO_ATTACH_FILTER, big, 4096));
	VALUE(optmem(fd));
	CALL(attach(fd, SO_ATTACH_FILTER, big, 0));
	CALL(attach(fd, SO_ATTACH_FILTER, NULL, 5));
	CALL(attach(fd, SO_ATTACH_FILTER, (void *)16, 5));
	for (int i = 0; i < 4096; i++)
		big[i] = i < 4095 ? (struct sock_filter)S(BPF_LD | BPF_B | BPF_ABS, 1) :
				    (struct sock_filter)KEEP(1);
	CALL(attach(fd, SO_ATTACH_FILTER, big, 4096));
	VALUE(optmem(fd));
	for (int n = 512; n <= 4096; n *= 2) {
		big[n - 1] = (struct sock_filter)KEEP(1);
		VALUE(n);
		CALL(attach(fd, SO_ATTACH_FILTER, big, n));
		VALUE(optmem(fd));
	}
	CALL(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, 0));
	CALL(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, 3));
	CALL(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, 8));
	CALL(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, 17));
	CALL(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, NULL, 16));
	CALL(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &prog, 3));
	CALL(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &prog, 0));
	CALL(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &prog, 4));
	VALUE(optmem(fd));
	CALL(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &prog, 4));
	close(fd);
}

static void reading(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sock_filter f[] = {S(BPF_LD | BPF_IMM, 7), S(BPF_MISC | BPF_TAX, 0), KEEP(9)};
	struct sock_filter got[8] = {0};
	socklen_t len = 8;

	part("SO_GET_FILTER");
	CALL(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got, &len));
	VALUE(len);
	CALL(attach(fd, SO_ATTACH_FILTER, f, 3));
	len = 0;
	CALL(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &len));
	VALUE(len);
	len = 2;
	CALL(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got, &len));
	VALUE(len);
	len = 8;
	CALL(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got, &len));
	VALUE(len);
	FACT(!memcmp(got, f, sizeof(f)));
	FACT(got[3].code == 0);
	len = 4;
	CALL(getsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, got, &len));
	CALL(getsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, got, &len));
	CALL(getsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, got, &len));
	close(fd);
}

static void locking(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1, zero = 0;
	struct sock_filter f[] = {KEEP(9)}, bad[] = {S(BPF_LD | BPF_IMM, 1)};
	struct sock_filter got[4];
	socklen_t len = 4;

	part("SO_LOCK_FILTER");
	OPT(fd, SOL_SOCKET, SO_LOCK_FILTER);
	CALL(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &zero, sizeof(zero)));
	CALL(attach(fd, SO_ATTACH_FILTER, f, 1));
	CALL(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)));
	OPT(fd, SOL_SOCKET, SO_LOCK_FILTER);
	CALL(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)));
	CALL(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &zero, sizeof(zero)));
	CALL(attach(fd, SO_ATTACH_FILTER, f, 1));
	CALL(attach(fd, SO_ATTACH_FILTER, bad, 1));
	CALL(attach(fd, SO_ATTACH_FILTER, NULL, 0));
	CALL(attach(fd, SO_ATTACH_REUSEPORT_CBPF, f, 1));
	CALL(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &one, sizeof(one)));
	CALL(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got, &len));
	VALUE(len);
	close(fd);
}

/* A refused program leaves the old one. */
static void datagrams(const char *title, int rx, int tx)
{
	struct sock_filter keep[] = {KEEP(11)}, bad[] = {S(BPF_LD | BPF_IMM, 1)}, none[] = {KEEP(0)};
	struct sock_filter all[] = {KEEP(0xffffffff)};
	/* The first byte of the message: behind the UDP header, or the message's own. */
	struct sock_filter bytes[] = {S(BPF_LD | BPF_W | BPF_LEN, 0), S(BPF_RET | BPF_A, 0)};
	struct sock_filter beyond[] = {S(BPF_LD | BPF_B | BPF_ABS, 500), KEEP(100)};
	struct sock_filter div[] = {S(BPF_LD | BPF_IMM, 5), S(BPF_ALU | BPF_DIV | BPF_X, 0), KEEP(100)};
	char buf[100];

	part(title);
	CALL(attach(rx, SO_ATTACH_FILTER, keep, 1));
	CALL(send(tx, "hello world", 11, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	CALL(attach(rx, SO_ATTACH_FILTER, bad, 1));
	CALL(send(tx, "hello world", 11, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC));
	CALL(attach(rx, SO_ATTACH_FILTER, none, 1));
	CALL(send(tx, "hello world", 11, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	CALL(attach(rx, SO_ATTACH_FILTER, bytes, 2));
	CALL(send(tx, "hello world", 11, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	CALL(attach(rx, SO_ATTACH_FILTER, beyond, 2));
	CALL(send(tx, "hello world", 11, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	CALL(attach(rx, SO_ATTACH_FILTER, div, 3));
	CALL(send(tx, "hello world", 11, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	CALL(attach(rx, SO_ATTACH_FILTER, all, 1));
	CALL(send(tx, "hello world", 11, 0));
	CALL(send(tx, "", 0, 0));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	DATA(buf, recv(rx, buf, sizeof(buf), MSG_DONTWAIT));
	CALL(setsockopt(rx, SOL_SOCKET, SO_DETACH_FILTER, buf, sizeof(int)));
}

static unsigned drops(int fd)
{
	unsigned mem[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(mem);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len);
	return mem[SK_MEMINFO_DROPS];
}

int main(void)
{
	int rx = socket(AF_INET, SOCK_DGRAM, 0), tx = socket(AF_INET, SOCK_DGRAM, 0), p[2];

	ancillary();
	loads();
	computing();
	memory();
	limits();
	reading();
	locking();
	bind(rx, ADDR("127.0.0.1:0"));
	connect(tx, TO("127.0.0.1", rx));
	datagrams("UDP", rx, tx);
	VALUE(drops(rx));
	socketpair(AF_UNIX, SOCK_DGRAM, 0, p);
	datagrams("AF_UNIX datagrams", p[0], p[1]);
	VALUE(drops(p[0]));
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p);
	datagrams("AF_UNIX sequenced packets", p[0], p[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	datagrams("AF_UNIX streams take no notice", p[0], p[1]);
	return 0;
}
