/* SPDX-License-Identifier: MIT */
/*
 * Filters of packet and raw sockets: where they begin, and what is cut off: packet(7), socket(7)
 * SO_ATTACH_FILTER. Data that MSG_MORE holds back.
 */
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>

#include "transcript.h"

static int udp;

static int tap(int type)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = 1 };
	int fd = socket(AF_PACKET, type, 0);

	bind(fd, (void *)&ll, sizeof(ll));
	setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &(int){ 1 }, sizeof(int));
	return fd;
}

static void attach(int fd, struct sock_filter *insns, unsigned short n)
{
	struct sock_fprog p = { n, insns };

	CALL(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)));
}

static void take(int fd)
{
	unsigned char buf[256], control[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	long n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0) {
		printf("  recv: %s\n", strerrorname_np(errno));
		return;
	}
	printf("  recv: %ld flags %s", n, msg_names((unsigned)m.msg_flags));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		struct tpacket_auxdata a;

		memcpy(&a, CMSG_DATA(c), sizeof(a));
		if (c->cmsg_level == SOL_PACKET)
			printf(" len %u snaplen %u", a.tp_len, a.tp_snaplen);
	}
	printf(" last %02x\n", n ? buf[n - 1] : 0);
}

static void statistics(int fd)
{
	struct tpacket_stats s;
	socklen_t len = sizeof(s);

	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &len);
	printf("  statistics: %u packets, %u drops\n", s.tp_packets, s.tp_drops);
}

static void send_to(const char *where)
{
	sendto(udp, "0123456789", 10, 0, addr_of(where), addr_len(where));
	settle();
}

/* Cuts what goes to port 4008, takes what goes to 4009; the port is at offset `at`. */
static void cut(int type, unsigned at)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4008, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 30),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4009, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0x40000),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	int fd = tap(type);

	part(type == SOCK_RAW ? "from the link layer's header on" : "from the network header on");
	attach(fd, f, 6);
	send_to("127.0.0.1:4007");
	send_to("127.0.0.1:4008");
	send_to("127.0.0.1:4009");
	take(fd);
	take(fd);
	take(fd);
	statistics(fd);
	CALL(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0));
	CALL(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &fd, sizeof(fd)));
	CALL(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &fd, sizeof(fd)));
	send_to("127.0.0.1:4007");
	take(fd);
	close(fd);
}

static void ring(void)
{
	struct sock_filter f[] = { BPF_STMT(BPF_RET | BPF_K, 24) };
	struct tpacket_req r = { 4096, 1, 2048, 2 };
	int fd = tap(SOCK_RAW);
	struct tpacket_hdr *h;
	char *m;

	part("into a ring");
	attach(fd, f, 1);
	CALL(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof(r)));
	m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	send_to("127.0.0.1:4008");
	h = (void *)m;
	printf("  len %u snaplen %u first %02x last %02x beyond %02x\n", h->tp_len, h->tp_snaplen,
	       m[h->tp_mac + 14], (unsigned char)m[h->tp_mac + 23], (unsigned char)m[h->tp_mac + 24]);
	close(fd);
}

static void raw(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9), /* the protocol, of the IP header */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 200, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 22),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_filter six[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), /* the data */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'x', 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 3),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	int fd = socket(AF_INET, SOCK_RAW, 200), fd6 = socket(AF_INET6, SOCK_RAW, 200);

	part("raw sockets");
	attach(fd, f, 4);
	CALL(sendto(fd, "hello", 5, 0, ADDR("127.0.0.1:0")));
	take(fd);
	attach(fd6, six, 4);
	CALL(sendto(fd6, "hello", 5, 0, ADDR("[::1]:0")));
	CALL(sendto(fd6, "xello", 5, 0, ADDR("[::1]:0")));
	take(fd6);
	take(fd6);
	CALL(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &fd, sizeof(fd)));
	part("MSG_MORE");
	CALL(sendto(fd, "one", 3, MSG_MORE, ADDR("127.0.0.1:0")));
	take(fd);
	CALL(sendto(fd, "two", 3, MSG_MORE, ADDR("127.0.0.2:0")));
	take(fd);
	CALL(sendto(fd, "six", 3, 0, ADDR("127.0.0.1:0")));
	take(fd);
	take(fd);
	CALL(setsockopt(fd6, SOL_SOCKET, SO_DETACH_FILTER, &fd, sizeof(fd)));
	CALL(sendto(fd6, "one", 3, MSG_MORE, ADDR("[::1]:0")));
	CALL(sendto(fd6, "two", 3, 0, ADDR("[::1]:0")));
	take(fd6);
	close(fd);
	close(fd6);
}

static void fanout(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 22), /* the destination port picks */
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog p = { 2, f };
	int a = tap(SOCK_DGRAM), b = tap(SOCK_DGRAM), val = 9 | PACKET_FANOUT_CBPF << 16;

	part("fanout by a program");
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT_DATA, &p, sizeof(p)));
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT, &val, sizeof(val)));
	CALL(setsockopt(b, SOL_PACKET, PACKET_FANOUT, &val, sizeof(val)));
	send_to("127.0.0.1:4009");
	take(a);
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT_DATA, &p, sizeof(p) - 1));
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT_DATA, &p, sizeof(p)));
	send_to("127.0.0.1:4008");
	send_to("127.0.0.1:4009");
	send_to("127.0.0.1:4011");
	part("one");
	take(a);
	take(a);
	part("the other");
	take(b);
	take(b);
	take(b);
	close(a);
	close(b);
}

static void extended(void)
{
	struct bpf_insn second[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 3 },
				     { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2,
				.insns = (uintptr_t)second, .license = (uintptr_t)"GPL" };
	int a = tap(SOCK_DGRAM), b = tap(SOCK_DGRAM), val = 9 | PACKET_FANOUT_EBPF << 16, prog;

	part("fanout by an extended program");
	prog = FD((int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT, &val, sizeof(val)));
	CALL(setsockopt(b, SOL_PACKET, PACKET_FANOUT, &val, sizeof(val)));
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT_DATA, &a, sizeof(a)));
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT_DATA, &(int){ -1 }, sizeof(int)));
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT_DATA, &prog, 3));
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT_DATA, &prog, sizeof(prog)));
	close(prog);
	send_to("127.0.0.1:4008");
	send_to("127.0.0.1:4009");
	take(a);
	take(b);
	take(b);
	close(a);
	close(b);
}

int main(void)
{
	/* Somebody listens: no errors among the packets. */
	for (int port = 4007; port < 4012; port++) {
		char to[32];

		snprintf(to, sizeof(to), "127.0.0.1:%d", port);
		bind(socket(AF_INET, SOCK_DGRAM, 0), addr_of(to), addr_len(to));
	}
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	cut(SOCK_RAW, 14 + 22);
	cut(SOCK_DGRAM, 22);
	ring();
	raw();
	fanout();
	extended();
	return 0;
}
