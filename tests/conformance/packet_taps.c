/* SPDX-License-Identifier: MIT */
/*
 * What packet sockets see and send on the loopback device: packet(7).
 */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/ip.h>

#include "transcript.h"

static void hex(const unsigned char *p, long n)
{
	printf("  ");
	for (long i = 0; i < n; i++)
		printf("%02x%s", p[i], i % 4 == 3 ? " " : "");
	printf("\n");
}

static const char *kind(int t)
{
	static const char *const names[] = { "HOST", "BROADCAST", "MULTICAST", "OTHERHOST", "OUTGOING", "LOOPBACK" };

	return t >= 0 && t < 6 ? names[t] : "?";
}

/* The identification and the checksum that follows from it are not the same twice. */
static void mask(unsigned char *p, long n, long ip)
{
	static const int at[] = { 4, 5, 10, 11 };

	for (int i = 0; i < 4; i++) {
		if (n > ip + at[i] && n > ip && p[ip] == 0x45)
			p[ip + at[i]] = 0;
	}
}

static long take(int fd, size_t room, int flags, long ip)
{
	unsigned char buf[256], control[256];
	struct sockaddr_ll ll;
	struct iovec iov = { buf, room };
	struct msghdr m = { .msg_name = &ll, .msg_namelen = sizeof(ll), .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control, .msg_controllen = sizeof(control) };
	long n;

	memset(&ll, 0xee, sizeof(ll));
	n = recvmsg(fd, &m, MSG_DONTWAIT | flags);
	if (n < 0) {
		printf("  recv: %s\n", strerrorname_np(errno));
		return n;
	}
	printf("  recv: %ld flags %s name %u: %s protocol %04x device %d hatype %d address %d", n,
	       msg_names((unsigned)m.msg_flags), m.msg_namelen, kind(ll.sll_pkttype),
	       ntohs(ll.sll_protocol), ll.sll_ifindex, ll.sll_hatype, ll.sll_halen);
	hex(ll.sll_addr, 8);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		struct tpacket_auxdata a;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) {
			printf("  level %d type %d length %zu\n", c->cmsg_level, c->cmsg_type,
			       c->cmsg_len - CMSG_LEN(0));
			continue;
		}
		memcpy(&a, CMSG_DATA(c), sizeof(a));
		printf("  auxdata %zu: status %#x len %u snaplen %u mac %u net %u vlan %u %u\n",
		       c->cmsg_len - CMSG_LEN(0), a.tp_status, a.tp_len, a.tp_snaplen, a.tp_mac,
		       a.tp_net, a.tp_vlan_tci, a.tp_vlan_tpid);
	}
	if (n > (long)room)
		n = (long)room;
	mask(buf, n, ip);
	hex(buf, n);
	return n;
}

static void statistics(int fd)
{
	struct tpacket_stats s;
	socklen_t len = sizeof(s);

	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &len);
	printf("  statistics: %u packets, %u drops\n", s.tp_packets, s.tp_drops);
}

static int tap(int type, int protocol, int ifindex)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons((uint16_t)protocol),
				  .sll_ifindex = ifindex };
	int fd = socket(AF_PACKET, type, 0);

	if (bind(fd, (void *)&ll, sizeof(ll)))
		printf("bind: %s\n", strerrorname_np(errno));
	return fd;
}

static void see(void)
{
	int all = tap(SOCK_RAW, ETH_P_ALL, 1), cooked = tap(SOCK_DGRAM, ETH_P_ALL, 0);
	int ip = tap(SOCK_RAW, ETH_P_IP, 1), ip6 = tap(SOCK_DGRAM, ETH_P_IPV6, 0);
	int udp = socket(AF_INET, SOCK_DGRAM, 0), udp6 = socket(AF_INET6, SOCK_DGRAM, 0), n;
	char buf[16];

	part("UDP over loopback, twice on its way");
	CALL(bind(udp, ADDR("127.0.0.1:4007")));
	CALL(bind(udp6, ADDR("[::1]:4007")));
	CALL(sendto(udp, "four", 4, 0, ADDR("127.0.0.1:4007")));
	settle();
	DATA(buf, recv(udp, buf, sizeof(buf), MSG_DONTWAIT));
	EVENTS(all);
	CALL(ioctl(all, FIONREAD, &n));
	VALUE(n);
	CALL(ioctl(all, SIOCOUTQ, &n));
	VALUE(n);
	statistics(all);
	take(all, 256, MSG_PEEK, 14);
	take(all, 256, 0, 14);
	take(all, 20, 0, 14);
	take(all, 20, 0, 14);
	take(cooked, 256, 0, 0);
	take(cooked, 10, MSG_TRUNC, 0);
	take(cooked, 10, 0, 0);
	take(ip, 256, 0, 14);
	take(ip, 256, 0, 14);
	take(ip6, 256, 0, 0);
	statistics(all);
	statistics(ip);
	statistics(ip6);
	part("IPv6, with auxdata");
	CALL(setsockopt(all, SOL_PACKET, PACKET_AUXDATA, &(int){ 1 }, sizeof(int)));
	CALL(setsockopt(cooked, SOL_PACKET, PACKET_AUXDATA, &(int){ 1 }, sizeof(int)));
	CALL(setsockopt(all, SOL_PACKET, PACKET_IGNORE_OUTGOING, &(int){ 1 }, sizeof(int)));
	CALL(setsockopt(cooked, SOL_SOCKET, SO_TIMESTAMPNS, &(int){ 1 }, sizeof(int)));
	CALL(sendto(udp6, "six", 3, 0, ADDR("[::1]:4007")));
	settle();
	take(all, 14, 0, 14);
	take(all, 14, 0, 14);
	take(cooked, 1, 0, 0);
	take(cooked, 0, 0, 0);
	take(cooked, 10, 0, 0);
	take(ip, 256, 0, 14);
	take(ip6, 1, 0, 0);
	take(ip6, 1, 0, 0);
	part("a full buffer");
	CALL(setsockopt(ip, SOL_SOCKET, SO_RCVBUF, &(int){ 0 }, sizeof(int)));
	statistics(ip);
	for (int i = 0; i < 10; i++)
		sendto(udp, "four", 4, 0, ADDR("127.0.0.1:4007"));
	settle();
	for (n = 0; recv(ip, buf, sizeof(buf), MSG_DONTWAIT) >= 0; n++)
		;
	VALUE(n > 0 && n < 10);
	part("not bound to a protocol any more");
	close(all);
	all = tap(SOCK_RAW, 0, 1);
	CALL(sendto(udp, "four", 4, 0, ADDR("127.0.0.1:4007")));
	settle();
	take(all, 20, 0, 14);
	statistics(all);
	close(all);
	close(cooked);
	close(ip);
	close(ip6);
	close(udp);
	close(udp6);
}

static void sending(void)
{
	int raw = socket(AF_PACKET, SOCK_RAW, 0), cooked = socket(AF_PACKET, SOCK_DGRAM, 0);
	int all = tap(SOCK_RAW, ETH_P_ALL, 1), in = tap(SOCK_DGRAM, 0x88b5, 1);
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_ifindex = 1, .sll_protocol = htons(0x88b6),
				  .sll_halen = 6, .sll_addr = { 2, 0, 0, 0, 0, 9 } };
	unsigned char frame[70000] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, 'h', 'e', 'l', 'l', 'o' };

	part("errors of sending");
	CALL(send(raw, frame, 19, 0));
	CALL(send(cooked, frame, 19, 0));
	CALL(sendto(raw, frame, 19, 0, (void *)&ll, sizeof(ll) - 1));
	ll.sll_halen = 9;
	CALL(sendto(raw, frame, 19, 0, (void *)&ll, sizeof(ll)));
	ll.sll_halen = 6;
	ll.sll_ifindex = 99;
	CALL(sendto(raw, frame, 19, 0, (void *)&ll, sizeof(ll)));
	ll.sll_ifindex = 0;
	CALL(sendto(raw, frame, 19, 0, (void *)&ll, sizeof(ll)));
	ll.sll_ifindex = 1;
	ll.sll_family = AF_INET;
	CALL(sendto(raw, frame, 19, 0, (void *)&ll, sizeof(ll)));
	ll.sll_family = AF_PACKET;
	CALL(sendto(raw, frame, 13, 0, (void *)&ll, sizeof(ll)));
	CALL(sendto(raw, frame, 0, 0, (void *)&ll, sizeof(ll)));
	CALL(sendto(raw, frame, 65536 + 19, 0, (void *)&ll, sizeof(ll)));
	CALL(sendto(raw, frame, 65536 + 15, 0, (void *)&ll, sizeof(ll)));
	CALL(sendto(cooked, frame, 65537, 0, (void *)&ll, sizeof(ll)));
	CALL(sendto(raw, frame, 19, MSG_OOB, (void *)&ll, sizeof(ll)));
	while (recv(all, frame + 100, 100, MSG_DONTWAIT) >= 0)
		;
	while (recv(in, frame + 100, 100, MSG_DONTWAIT) >= 0)
		;
	part("a whole frame");
	CALL(sendto(raw, frame, 19, 0, (void *)&ll, sizeof(ll)));
	settle();
	take(all, 256, 0, 200);
	take(all, 256, 0, 200);
	take(all, 256, 0, 200);
	take(in, 256, 0, 200);
	take(in, 256, 0, 200);
	part("kinds of destinations");
	memset(frame, 0xff, 6);
	CALL(sendto(raw, frame, 14, 0, (void *)&ll, sizeof(ll)));
	frame[0] = 1;
	CALL(sendto(raw, frame, 14, 0, (void *)&ll, sizeof(ll)));
	memset(frame, 0, 6);
	CALL(sendto(raw, frame, 14, 0, (void *)&ll, sizeof(ll)));
	settle();
	for (int i = 0; i < 3; i++)
		take(in, 256, 0, 200);
	while (recv(all, frame + 100, 100, MSG_DONTWAIT) >= 0)
		;
	part("data only");
	CALL(sendto(cooked, "data", 4, 0, (void *)&ll, sizeof(ll)));
	ll.sll_halen = 2;
	CALL(sendto(cooked, "data", 4, 0, (void *)&ll, sizeof(ll)));
	settle();
	take(all, 256, 0, 200);
	take(all, 256, 0, 200);
	take(all, 256, 0, 200);
	part("from a bound socket, to itself");
	CALL(send(in, "bound", 5, 0));
	CALL(send(all, frame, 14, 0));
	settle();
	take(all, 256, 0, 200);
	take(all, 256, 0, 200);
	take(all, 256, 0, 200);
	take(all, 256, 0, 200);
	take(in, 256, 0, 200);
	take(in, 256, 0, 200);
	part("past the queueing discipline");
	CALL(setsockopt(raw, SOL_PACKET, PACKET_QDISC_BYPASS, &(int){ 1 }, sizeof(int)));
	CALL(sendto(raw, frame, 14, 0, (void *)&ll, sizeof(ll)));
	settle();
	take(all, 256, 0, 200);
	take(all, 256, 0, 200);
	close(raw);
	close(cooked);
	close(all);
	close(in);
}

static void device(const char *name, int up)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(r.ifr_name, name);
	ioctl(fd, SIOCGIFFLAGS, &r);
	r.ifr_flags = (short)(up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
	CALL(ioctl(fd, SIOCSIFFLAGS, &r));
	close(fd);
}

static void down(void)
{
	int fd = tap(SOCK_RAW, ETH_P_ALL, 1), late, any = tap(SOCK_RAW, ETH_P_ALL, 0);
	unsigned char frame[14] = { 0 };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_ifindex = 1 };

	part("the device goes down");
	EVENTS(fd);
	device("lo", 0);
	EVENTS(fd);
	EVENTS(any);
	CALL(recv(fd, frame, 14, MSG_DONTWAIT));
	CALL(recv(fd, frame, 14, MSG_DONTWAIT));
	CALL(send(fd, frame, 14, 0));
	CALL(sendto(any, frame, 14, 0, (void *)&ll, sizeof(ll)));
	late = tap(SOCK_RAW, ETH_P_ALL, 1);
	EVENTS(late);
	CALL(recv(late, frame, 14, MSG_DONTWAIT));
	device("lo", 1);
	EVENTS(fd);
	EVENTS(late);
	CALL(send(fd, frame, 14, 0));
	settle();
	take(late, 256, 0, 200);
	take(late, 256, 0, 200);
	take(fd, 256, 0, 200);
	close(fd);
	close(late);
	close(any);
}

static int count(int fd)
{
	char buf[64];
	int n = 0;

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		n++;
	return n;
}

static void fanout(const char *name, int type)
{
	int a = tap(SOCK_DGRAM, ETH_P_IP, 1), b = tap(SOCK_DGRAM, ETH_P_IP, 1), na, nb;
	int udp = socket(AF_INET, SOCK_DGRAM, 0), val = 5 | type << 16;

	part(name);
	CALL(setsockopt(a, SOL_PACKET, PACKET_FANOUT, &val, sizeof(val)));
	CALL(setsockopt(b, SOL_PACKET, PACKET_FANOUT, &val, sizeof(val)));
	CALL(bind(udp, ADDR("127.0.0.1:4007")));
	for (int i = 0; i < 20; i++)
		sendto(udp, "x", 1, 0, ADDR("127.0.0.1:4007"));
	settle();
	na = count(a);
	nb = count(b);
	VALUE(na + nb);
	if (type == PACKET_FANOUT_LB)
		FACT(na == 10);
	if (type == PACKET_FANOUT_HASH)
		FACT(na == 0 || nb == 0);
	if (type == PACKET_FANOUT_ROLLOVER)
		FACT(na == 20);
	part("one member leaves");
	close(a);
	for (int i = 0; i < 20; i++)
		sendto(udp, "x", 1, 0, ADDR("127.0.0.1:4007"));
	settle();
	VALUE(count(b));
	close(b);
	close(udp);
}

int main(void)
{
	see();
	sending();
	fanout("fanout by hash", PACKET_FANOUT_HASH);
	fanout("fanout in turns", PACKET_FANOUT_LB);
	fanout("fanout by CPU", PACKET_FANOUT_CPU);
	fanout("fanout when full", PACKET_FANOUT_ROLLOVER);
	fanout("fanout by chance", PACKET_FANOUT_RND);
	fanout("fanout by queue", PACKET_FANOUT_QM);
	down();
	return 0;
}
