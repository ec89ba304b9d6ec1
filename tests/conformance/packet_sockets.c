/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets without packets: who may have one, names, bind(2), options and their errors: packet(7).
 */
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#include "transcript.h"

static void show(const char *what, int fd)
{
	struct sockaddr_ll ll;
	socklen_t len = sizeof(ll);

	memset(&ll, 0xee, sizeof(ll));
	if (getsockname(fd, (void *)&ll, &len)) {
		printf("%s: %s\n", what, strerrorname_np(errno));
		return;
	}
	printf("%s: length %u family %d protocol %#x ifindex %d hatype %d pkttype %d halen %d addr %02x%02x\n",
	       what, len, ll.sll_family, ntohs(ll.sll_protocol), ll.sll_ifindex, ll.sll_hatype,
	       ll.sll_pkttype, ll.sll_halen, ll.sll_addr[0], ll.sll_addr[5]);
}

static void kinds(void)
{
	static const int types[] = { SOCK_RAW, SOCK_DGRAM, SOCK_STREAM, SOCK_SEQPACKET, SOCK_RDM, 11, -1 };
	static const int protocols[] = { 0, 0x300, 0x8, 0x10300, -1 };

	part("kinds");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (size_t j = 0; j < sizeof(protocols) / sizeof(protocols[0]); j++) {
			int fd = socket(AF_PACKET, types[i], protocols[j]);

			printf("type %d protocol %#x: %s\n", types[i], protocols[j],
			       fd < 0 ? strerrorname_np(errno) : "a socket");
			if (fd < 0)
				continue;
			show("  name", fd);
			OPT(fd, SOL_SOCKET, SO_PROTOCOL);
			OPT(fd, SOL_SOCKET, SO_TYPE);
			OPT(fd, SOL_SOCKET, SO_DOMAIN);
			OPT(fd, SOL_SOCKET, SO_RCVBUF);
			close(fd);
		}
	}
	FD(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)));
}

/* Type, protocol, device, whether it receives; without address, memory and inode. */
static void listed(void)
{
	char line[256], sk[32];
	int refs, type, device, running;
	unsigned protocol;
	FILE *f = fopen("/proc/net/packet", "r");

	fgets(line, sizeof(line), f);
	printf("%s", line);
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "%31s %d %d %x %d %d", sk, &refs, &type, &protocol, &device, &running);
		printf("  held %d type %d protocol %04x device %d running %d\n", refs, type, protocol, device,
		       running);
	}
	fclose(f);
}

static void names(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);

	part("names");
	show("new", fd);
	PEER(fd);
	CALL(bind(fd, (void *)&ll, sizeof(ll) - 1));
	CALL(bind(fd, (void *)&ll, 2));
	ll.sll_ifindex = 99;
	CALL(bind(fd, (void *)&ll, sizeof(ll)));
	ll.sll_ifindex = -1;
	CALL(bind(fd, (void *)&ll, sizeof(ll)));
	ll.sll_ifindex = 1;
	ll.sll_family = AF_INET;
	CALL(bind(fd, (void *)&ll, sizeof(ll)));
	ll.sll_family = AF_PACKET;
	CALL(bind(fd, (void *)&ll, sizeof(ll)));
	show("bound", fd);
	CALL(bind(fd, (void *)&ll, sizeof(ll)));
	ll.sll_protocol = 0;
	CALL(bind(fd, (void *)&ll, sizeof(ll)));
	show("without a protocol", fd);
	listed();
	ll.sll_protocol = htons(ETH_P_ALL);
	ll.sll_ifindex = 0;
	CALL(bind(fd, (void *)&ll, sizeof(ll)));
	show("any device", fd);
	listed();
	CALL(connect(fd, (void *)&ll, sizeof(ll)));
	CALL(listen(fd, 1));
	CALL(accept(fd, NULL, NULL));
	CALL(shutdown(fd, SHUT_RDWR));
	CALL(socketpair(AF_PACKET, SOCK_RAW, 0, (int[2]){ 0 }));
	EVENTS(fd);
	CALL(recv(fd, &from, sizeof(from), MSG_DONTWAIT));
	CALL(recv(fd, &from, sizeof(from), MSG_DONTWAIT | MSG_OOB));
	CALL(recv(fd, &from, sizeof(from), MSG_DONTWAIT | MSG_WAITALL));
	CALL(recv(fd, &from, sizeof(from), MSG_DONTWAIT | MSG_ERRQUEUE));
	CALL(getsockname(fd, (void *)&from, &len));
	VALUE(len);
	close(fd);
}

static void get(int fd, int name, socklen_t room)
{
	unsigned char buf[64];
	socklen_t len = room;
	int r;

	memset(buf, 0, sizeof(buf));
	r = getsockopt(fd, SOL_PACKET, name, buf, &len);
	printf("  get %d room %u: %s", name, room, r ? strerrorname_np(errno) : "0");
	if (!r) {
		printf(" length %u:", len);
		for (socklen_t i = 0; i < len; i++)
			printf(" %02x", buf[i]);
	}
	printf("\n");
}

static void set(int fd, int name, int val, socklen_t len)
{
	char buf[64] = { 0 };
	int r;

	memcpy(buf, &val, sizeof(val));
	r = setsockopt(fd, SOL_PACKET, name, buf, len);
	printf("  set %d to %d length %u: %s\n", name, val, len, r ? strerrorname_np(errno) : "0");
}

static void options(int type)
{
	static const int names[] = { PACKET_RECV_OUTPUT, PACKET_COPY_THRESH, PACKET_AUXDATA, PACKET_ORIGDEV,
				     PACKET_VERSION, PACKET_RESERVE, PACKET_LOSS, PACKET_TIMESTAMP,
				     PACKET_FANOUT, PACKET_TX_HAS_OFF, PACKET_QDISC_BYPASS,
				     PACKET_IGNORE_OUTGOING, 99 };
	int fd = socket(AF_PACKET, type, 0);

	listed();
	part(type == SOCK_RAW ? "options" : "options of SOCK_DGRAM");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		get(fd, names[i], 64);
		get(fd, names[i], 2);
	}
	get(fd, PACKET_STATISTICS, 64);
	get(fd, PACKET_STATISTICS, 4);
	get(fd, PACKET_STATISTICS, 0);
	get(fd, PACKET_ROLLOVER_STATS, 64);
	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] == PACKET_FANOUT)
			continue;
		set(fd, names[i], 1, 4);
		get(fd, names[i], 4);
		set(fd, names[i], 1, 3);
		set(fd, names[i], 1, 8);
		set(fd, names[i], 2, 4);
		get(fd, names[i], 4);
		set(fd, names[i], -1, 4);
		get(fd, names[i], 4);
		set(fd, names[i], 0, 4);
		get(fd, names[i], 4);
	}
	get(fd, PACKET_STATISTICS, 64);
	set(fd, PACKET_VERSION, TPACKET_V3, 4);
	get(fd, PACKET_STATISTICS, 64);
	for (int v = -1; v < 4; v++) {
		int val = v;
		socklen_t len = sizeof(val);

		printf("  header length of version %d: %d", v,
		       getsockopt(fd, SOL_PACKET, PACKET_HDRLEN, &val, &len));
		printf(" %d %u\n", val, len);
	}
	get(fd, PACKET_HDRLEN, 3);
	CALL(setsockopt(fd, IPPROTO_IP, IP_TTL, &fd, sizeof(fd)));
	OPT(fd, IPPROTO_IP, IP_TTL);
	OPT(fd, IPPROTO_TCP, TCP_NODELAY);
	close(fd);
}

static void member(int fd, int name, int ifindex, int type, int alen, socklen_t len)
{
	struct packet_mreq m = { .mr_ifindex = ifindex, .mr_type = (unsigned short)type,
				 .mr_alen = (unsigned short)alen, .mr_address = { 1, 0, 0x5e, 1, 2, 3 } };
	char buf[64] = { 0 };
	int r;

	memcpy(buf, &m, sizeof(m));
	r = setsockopt(fd, SOL_PACKET, name, buf, len);
	printf("  membership %d device %d type %d address %d length %u: %s\n", name, ifindex, type, alen,
	       len, r ? strerrorname_np(errno) : "0");
}

static void memberships(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	part("memberships");
	for (int type = PACKET_MR_MULTICAST; type <= PACKET_MR_UNICAST + 1; type++) {
		for (int alen = 5; alen < 8; alen++)
			member(fd, PACKET_ADD_MEMBERSHIP, 1, type, alen, sizeof(struct packet_mreq));
		member(fd, PACKET_ADD_MEMBERSHIP, 99, type, 6, sizeof(struct packet_mreq));
		member(fd, PACKET_ADD_MEMBERSHIP, 1, type, 6, sizeof(struct packet_mreq) - 1);
		member(fd, PACKET_ADD_MEMBERSHIP, 1, type, 6, sizeof(struct packet_mreq) + 8);
		member(fd, PACKET_DROP_MEMBERSHIP, 1, type, 6, sizeof(struct packet_mreq));
		member(fd, PACKET_DROP_MEMBERSHIP, 1, type, 6, sizeof(struct packet_mreq));
		member(fd, PACKET_DROP_MEMBERSHIP, 1, type, 6, sizeof(struct packet_mreq));
		member(fd, PACKET_DROP_MEMBERSHIP, 99, type, 6, sizeof(struct packet_mreq));
		member(fd, PACKET_DROP_MEMBERSHIP, 1, type, 20, sizeof(struct packet_mreq));
	}
	close(fd);
}

static void fanouts(void)
{
	int a = socket(AF_PACKET, SOCK_RAW, 0), b = socket(AF_PACKET, SOCK_RAW, 0);
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = 1 };

	part("fanout");
	set(a, PACKET_FANOUT, 7, 4);
	CALL(bind(a, (void *)&ll, sizeof(ll)));
	for (int type = 0; type < 10; type++) {
		set(a, PACKET_FANOUT, 7 | type << 16, 3);
		if (type == PACKET_FANOUT_HASH || type == PACKET_FANOUT_CBPF || type == PACKET_FANOUT_EBPF)
			continue;
		set(a, PACKET_FANOUT, 7 | type << 16, 4);
		get(a, PACKET_FANOUT, 4);
		CALL(bind(a, (void *)&ll, sizeof(ll)));
		set(a, PACKET_FANOUT, 8 | type << 16, 4);
		set(b, PACKET_FANOUT, 7 | type << 16, 4);
		close(a);
		a = socket(AF_PACKET, SOCK_RAW, 0);
		CALL(bind(a, (void *)&ll, sizeof(ll)));
	}
	set(a, PACKET_FANOUT, 7 | (PACKET_FANOUT_ROLLOVER | PACKET_FANOUT_FLAG_ROLLOVER) << 16, 4);
	set(a, PACKET_FANOUT, 7 | PACKET_FANOUT_FLAG_UNIQUEID << 16, 4);
	set(a, PACKET_FANOUT, 7 | (PACKET_FANOUT_LB | PACKET_FANOUT_FLAG_ROLLOVER) << 16, 4);
	get(a, PACKET_FANOUT, 4);
	get(a, PACKET_ROLLOVER_STATS, 64);
	part("a second member");
	set(b, PACKET_FANOUT, 7 | (PACKET_FANOUT_LB | PACKET_FANOUT_FLAG_ROLLOVER) << 16, 4);
	ll.sll_protocol = htons(ETH_P_ALL);
	CALL(bind(b, (void *)&ll, sizeof(ll)));
	set(b, PACKET_FANOUT, 7 | (PACKET_FANOUT_LB | PACKET_FANOUT_FLAG_ROLLOVER) << 16, 4);
	ll.sll_protocol = htons(ETH_P_IP);
	CALL(bind(b, (void *)&ll, sizeof(ll)));
	set(b, PACKET_FANOUT, 7 | PACKET_FANOUT_LB << 16, 4);
	set(b, PACKET_FANOUT, 7 | (PACKET_FANOUT_CPU | PACKET_FANOUT_FLAG_ROLLOVER) << 16, 4);
	set(b, PACKET_FANOUT, 7 | (PACKET_FANOUT_LB | PACKET_FANOUT_FLAG_ROLLOVER) << 16, 4);
	get(b, PACKET_FANOUT, 4);
	close(a);
	get(b, PACKET_FANOUT, 4);
	close(b);
}

static void privilege(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	part("without CAP_NET_RAW");
	syscall(SYS_capget, &h, d);
	d[0].effective &= ~(1u << CAP_NET_RAW);
	syscall(SYS_capset, &h, d);
	FD(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
	FD(socket(AF_PACKET, SOCK_DGRAM, 0));
	FD(socket(AF_PACKET, SOCK_STREAM, 0));
}

int main(void)
{
	kinds();
	names();
	options(SOCK_RAW);
	options(SOCK_DGRAM);
	memberships();
	fanouts();
	privilege();
	return 0;
}
