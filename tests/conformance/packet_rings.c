/* SPDX-License-Identifier: MIT */
/*
 * Rings of packet sockets in shared memory: packet(7), Documentation/networking/packet_mmap.rst.
 */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>

#include "transcript.h"

#define BLOCK 8192u
#define FRAME 2048u
#define BLOCKS 2u

static int udp;

static void traffic(int n, size_t len)
{
	static char buf[70000];

	for (int i = 0; i < n; i++) {
		memset(buf, 'a' + i, len);
		sendto(udp, buf, len, 0, ADDR("127.0.0.1:4007"));
	}
	settle();
}

static int tap(int type, int version)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = 1 };
	int fd = socket(AF_PACKET, type, 0);

	setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version));
	bind(fd, (void *)&ll, sizeof(ll));
	return fd;
}

static int ring(int fd, int name, unsigned block, unsigned blocks, unsigned frame, unsigned frames, socklen_t len)
{
	struct tpacket_req3 r = { block, blocks, frame, frames, 0, 0, 0 };

	return setsockopt(fd, SOL_PACKET, name, &r, len);
}

#define RING(fd, name, ...) CALL(ring(fd, name, __VA_ARGS__, sizeof(struct tpacket_req)))

static void statistics(int fd)
{
	struct tpacket_stats_v3 s = { 0 };
	socklen_t len = sizeof(s);

	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &len);
	printf("  statistics %u: %u packets, %u drops, %u freezes\n", len, s.tp_packets, s.tp_drops,
	       s.tp_freeze_q_cnt);
}

static void bad_requests(int version)
{
	int fd = tap(SOCK_RAW, version), val = 0;
	socklen_t size = version == TPACKET_V3 ? sizeof(struct tpacket_req3) : sizeof(struct tpacket_req);
	void *p;

	printf("-- requests of version %d\n", version + 1);
	CALL(ring(fd, PACKET_RX_RING, BLOCK, 1, FRAME, 4, size - 1));
	CALL(ring(fd, PACKET_RX_RING, 0, 1, FRAME, 4, size));
	CALL(ring(fd, PACKET_RX_RING, 4095, 1, FRAME, 4, size));
	CALL(ring(fd, PACKET_RX_RING, 0x80000000u, 1, FRAME, 4, size));
	CALL(ring(fd, PACKET_RX_RING, BLOCK, 1, FRAME, 3, size));
	CALL(ring(fd, PACKET_RX_RING, BLOCK, 2, FRAME, 4, size));
	CALL(ring(fd, PACKET_RX_RING, BLOCK, 1, FRAME + 8, 3, size));
	CALL(ring(fd, PACKET_RX_RING, BLOCK, 1, 32, 256, size));
	CALL(ring(fd, PACKET_RX_RING, BLOCK, 1, 16384, 0, size));
	CALL(ring(fd, PACKET_RX_RING, BLOCK, 0, FRAME, 4, size));
	CALL(ring(fd, PACKET_RX_RING, 0, 0, 0, 0, size));
	p = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	printf("mmap without a ring: %s\n", p == MAP_FAILED ? strerrorname_np(errno) : "0");
	CALL(ring(fd, PACKET_RX_RING, BLOCK, 1, FRAME, 4, size));
	CALL(ring(fd, PACKET_RX_RING, BLOCK, 1, FRAME, 4, size));
	CALL(setsockopt(fd, SOL_PACKET, PACKET_VERSION, &val, sizeof(val)));
	CALL(setsockopt(fd, SOL_PACKET, PACKET_RESERVE, &val, sizeof(val)));
	CALL(setsockopt(fd, SOL_PACKET, PACKET_LOSS, &val, sizeof(val)));
	CALL(ring(fd, PACKET_TX_RING, BLOCK, 1, FRAME, 4, size));
	p = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	printf("mmap of one of two: %s\n", p == MAP_FAILED ? strerrorname_np(errno) : "0");
	p = mmap(NULL, 2 * BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
	printf("mmap at an offset: %s\n", p == MAP_FAILED ? strerrorname_np(errno) : "0");
	p = mmap(NULL, 2 * BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	printf("mmap: %s\n", p == MAP_FAILED ? strerrorname_np(errno) : "0");
	FACT(p != MAP_FAILED && ((char *)p)[BLOCK] == 0);
	munmap(p, 2 * BLOCK);
	CALL(ring(fd, PACKET_TX_RING, 0, 0, 0, 0, size));
	CALL(ring(fd, PACKET_RX_RING, 0, 0, 0, 0, size));
	close(fd);
}

static void others(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), p[2];
	void *m;

	part("mmap of what has no memory");
	m = mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, fd, 0);
	printf("a socket: %s\n", m == MAP_FAILED ? strerrorname_np(errno) : "0");
	close(fd);
	pipe(p);
	m = mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, p[0], 0);
	printf("a pipe: %s\n", m == MAP_FAILED ? strerrorname_np(errno) : "0");
	m = mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, 77, 0);
	printf("nothing: %s\n", m == MAP_FAILED ? strerrorname_np(errno) : "0");
	m = mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, -1, 0);
	printf("-1: %s\n", m == MAP_FAILED ? strerrorname_np(errno) : "0");
	m = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	printf("anonymous: %s\n", m == MAP_FAILED ? strerrorname_np(errno) : "0");
	fd = open("file", O_RDWR | O_CREAT, 0600);
	write(fd, "text", 4);
	m = mmap(NULL, 4, PROT_READ, MAP_SHARED, fd, 0);
	printf("a file: %.4s\n", m == MAP_FAILED ? strerrorname_np(errno) : (char *)m);
	dup2(fd, 5);
	m = mmap(NULL, 4, PROT_READ, MAP_SHARED, 5, 0);
	printf("a file at a low number: %.4s\n", m == MAP_FAILED ? strerrorname_np(errno) : (char *)m);
}

static const char *stamp(unsigned sec)
{
	return sec ? "set" : "0";
}

static void show_ll(const void *p)
{
	const struct sockaddr_ll *ll = p;

	printf("    family %d protocol %04x device %d hatype %d type %d address %d\n", ll->sll_family,
	       ntohs(ll->sll_protocol), ll->sll_ifindex, ll->sll_hatype, ll->sll_pkttype, ll->sll_halen);
}

#define STATUS(s) ((unsigned)(s) & ~(TP_STATUS_TS_SOFTWARE | (unsigned)TP_STATUS_TS_RAW_HARDWARE))

static void show_frame(char *f, int version)
{
	struct tpacket_hdr *h1 = (void *)f;
	struct tpacket2_hdr *h2 = (void *)f;

	if (version == TPACKET_V1) {
		printf("  status %#x len %u snaplen %u mac %u net %u time %s\n", STATUS(h1->tp_status),
		       h1->tp_len, h1->tp_snaplen, h1->tp_mac, h1->tp_net, stamp(h1->tp_sec));
		if (h1->tp_status) {
			show_ll(f + TPACKET_ALIGN(sizeof(*h1)));
			printf("    last byte %c\n", f[h1->tp_mac + h1->tp_snaplen - 1]);
		}
	} else {
		printf("  status %#x len %u snaplen %u mac %u net %u time %s vlan %u %u\n",
		       STATUS(h2->tp_status), h2->tp_len, h2->tp_snaplen, h2->tp_mac, h2->tp_net,
		       stamp(h2->tp_sec), h2->tp_vlan_tci, h2->tp_vlan_tpid);
		if (h2->tp_status) {
			show_ll(f + TPACKET_ALIGN(sizeof(*h2)));
			printf("    last byte %c\n", f[h2->tp_mac + h2->tp_snaplen - 1]);
		}
	}
}

static void give_back(char *f, int version)
{
	if (version == TPACKET_V1)
		((struct tpacket_hdr *)(void *)f)->tp_status = TP_STATUS_KERNEL;
	else
		((struct tpacket2_hdr *)(void *)f)->tp_status = TP_STATUS_KERNEL;
}

static void receive(int type, int version)
{
	int fd = tap(type, version), val = 32;
	char *m, buf[64];

	printf("-- receiving, version %d, type %d\n", version + 1, type);
	if (type == SOCK_DGRAM)
		CALL(setsockopt(fd, SOL_PACKET, PACKET_RESERVE, &val, sizeof(val)));
	RING(fd, PACKET_RX_RING, BLOCK, BLOCKS, FRAME, 8);
	m = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	FACT(m != MAP_FAILED);
	EVENTS(fd);
	traffic(1, 10);
	EVENTS(fd);
	show_frame(m, version);
	show_frame(m + FRAME, version);
	CALL(recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
	part("longer than a frame");
	traffic(1, 3000);
	show_frame(m + FRAME, version);
	val = 1;
	CALL(setsockopt(fd, SOL_PACKET, PACKET_COPY_THRESH, &val, sizeof(val)));
	traffic(1, 3000);
	show_frame(m + 2 * FRAME, version);
	CALL(recv(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC));
	statistics(fd);
	part("full");
	traffic(10, 20);
	show_frame(m + 7 * FRAME, version);
	statistics(fd);
	for (int i = 0; i < 8; i++)
		give_back(m + i * FRAME, version);
	EVENTS(fd);
	traffic(2, 20);
	show_frame(m, version);
	show_frame(m + FRAME, version);
	show_frame(m + 2 * FRAME, version);
	EVENTS(fd);
	munmap(m, BLOCK * BLOCKS);
	close(fd);
}

static void show_block(char *b)
{
	struct tpacket_block_desc *d = (void *)b;
	struct tpacket_hdr_v1 *h = &d->hdr.bh1;
	char *p = b + h->offset_to_first_pkt;

	printf("  block version %u priv %u status %#x packets %u first %u length %u seq %llu times %s %s\n",
	       d->version, d->offset_to_priv, h->block_status, h->num_pkts, h->offset_to_first_pkt,
	       h->blk_len, (unsigned long long)h->seq_num, stamp(h->ts_first_pkt.ts_sec),
	       stamp(h->ts_last_pkt.ts_sec));
	for (unsigned i = 0; h->block_status && i < h->num_pkts; i++) {
		struct tpacket3_hdr *t = (void *)p;

		printf("  packet next %u status %#x len %u snaplen %u mac %u net %u vlan %u %u time %s last %c\n",
		       t->tp_next_offset, STATUS(t->tp_status), t->tp_len, t->tp_snaplen, t->tp_mac,
		       t->tp_net, t->hv1.tp_vlan_tci, t->hv1.tp_vlan_tpid, stamp(t->tp_sec),
		       p[t->tp_mac + t->tp_snaplen - 1]);
		if (!i)
			show_ll(p + TPACKET_ALIGN(sizeof(*t)));
		p += t->tp_next_offset;
	}
}

static void blocks(int type)
{
	struct tpacket_req3 r = { BLOCK, BLOCKS, FRAME, 8, 60, type == SOCK_RAW ? 0 : 20, 0 };
	int fd = tap(type, TPACKET_V3);
	struct pollfd p = { fd, POLLIN, 0 };
	char *m;

	printf("-- blocks, type %d\n", type);
	CALL(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof(r)));
	m = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	FACT(m != MAP_FAILED);
	show_block(m);
	show_block(m + BLOCK);
	EVENTS(fd);
	part("retired by time");
	traffic(3, 10);
	CALL(poll(&p, 1, 1000));
	EVENTS(fd);
	show_block(m);
	show_block(m + BLOCK);
	statistics(fd);
	part("the program lags behind");
	for (int i = 0; i < 6; i++)
		traffic(1, 2000);
	show_block(m + BLOCK);
	sleep_ms(200);
	statistics(fd);
	part("given back");
	((struct tpacket_block_desc *)(void *)m)->hdr.bh1.block_status = TP_STATUS_KERNEL;
	sleep_ms(200);
	traffic(1, 9000);
	sleep_ms(200);
	show_block(m);
	statistics(fd);
	munmap(m, BLOCK * BLOCKS);
	close(fd);
}

static void put_frame(char *f, int version, const void *data, unsigned len)
{
	struct tpacket_hdr *h1 = (void *)f;
	struct tpacket2_hdr *h2 = (void *)f;
	struct tpacket3_hdr *h3 = (void *)f;

	if (version == TPACKET_V1) {
		memcpy(f + TPACKET_HDRLEN - sizeof(struct sockaddr_ll), data, len);
		h1->tp_len = len;
		h1->tp_status = TP_STATUS_SEND_REQUEST;
	} else if (version == TPACKET_V2) {
		memcpy(f + TPACKET2_HDRLEN - sizeof(struct sockaddr_ll), data, len);
		h2->tp_len = len;
		h2->tp_status = TP_STATUS_SEND_REQUEST;
	} else {
		memcpy(f + TPACKET3_HDRLEN - sizeof(struct sockaddr_ll), data, len);
		h3->tp_len = len;
		h3->tp_next_offset = 0;
		h3->tp_status = TP_STATUS_SEND_REQUEST;
	}
}

static unsigned tx_status(char *f, int version)
{
	if (version == TPACKET_V1)
		return STATUS(((struct tpacket_hdr *)(void *)f)->tp_status);
	if (version == TPACKET_V2)
		return STATUS(((struct tpacket2_hdr *)(void *)f)->tp_status);
	return STATUS(((struct tpacket3_hdr *)(void *)f)->tp_status);
}

static void sending(int version)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_ifindex = 1 };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), in = tap(SOCK_RAW, TPACKET_V1), val = version;
	char frame[1500] = { 0 }, buf[64], *m;
	socklen_t size = version == TPACKET_V3 ? sizeof(struct tpacket_req3) : sizeof(struct tpacket_req);

	printf("-- sending, version %d\n", version + 1);
	frame[12] = (char)0x88;
	frame[13] = (char)0xb5;
	memcpy(frame + 14, "frame", 5);
	bind(in, (void *)&ll, sizeof(ll));
	bind(fd, (void *)&ll, sizeof(ll));
	setsockopt(fd, SOL_PACKET, PACKET_VERSION, &val, sizeof(val));
	CALL(ring(fd, PACKET_TX_RING, BLOCK, BLOCKS, FRAME, 8, size));
	m = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	FACT(m != MAP_FAILED);
	EVENTS(fd);
	CALL(send(fd, NULL, 0, 0));
	put_frame(m, version, frame, 19);
	put_frame(m + FRAME, version, frame, 20);
	put_frame(m + 3 * FRAME, version, frame, 21);
	CALL(send(fd, NULL, 0, 0));
	settle();
	for (int i = 0; i < 5; i++)
		VALUE(tx_status(m + i * FRAME, version));
	while (recv(in, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		printf("  received %.5s\n", buf + 14);
	part("a frame that is too short, one that is too long");
	put_frame(m + 2 * FRAME, version, frame, 5);
	CALL(send(fd, NULL, 0, 0));
	VALUE(tx_status(m + 2 * FRAME, version));
	put_frame(m + 2 * FRAME, version, frame, 30);
	((struct tpacket2_hdr *)(void *)(m + 2 * FRAME))->tp_len = 2040;
	if (version == TPACKET_V1)
		((struct tpacket_hdr *)(void *)(m + 2 * FRAME))->tp_len = 2040;
	if (version == TPACKET_V3)
		((struct tpacket3_hdr *)(void *)(m + 2 * FRAME))->tp_len = 2040;
	CALL(send(fd, NULL, 0, 0));
	VALUE(tx_status(m + 2 * FRAME, version));
	put_frame(m + 2 * FRAME, version, frame, 40);
	CALL(send(fd, NULL, 0, MSG_DONTWAIT));
	settle();
	for (int i = 0; i < 5; i++)
		VALUE(tx_status(m + i * FRAME, version));
	munmap(m, BLOCK * BLOCKS);
	close(fd);
	close(in);
}

int main(void)
{
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	bind(udp, ADDR("127.0.0.1:4007"));
	bad_requests(TPACKET_V1);
	bad_requests(TPACKET_V3);
	others();
	receive(SOCK_RAW, TPACKET_V1);
	receive(SOCK_DGRAM, TPACKET_V2);
	blocks(SOCK_RAW);
	blocks(SOCK_DGRAM);
	for (int v = TPACKET_V1; v <= TPACKET_V3; v++)
		sending(v);
	return 0;
}
