/* SPDX-License-Identifier: MIT */
/* Options at IPPROTO_TCP: fresh values, ranges, lengths, and on a connected socket: tcp(7). */
#include "options.h"

static const struct option table[] = {
	O(TCP_NODELAY, 1, 2, 0, -1),
	O(TCP_MAXSEG, 0, 87, 88, 536, 1000, 32767, 32768, -1),
	O(TCP_CORK, 1, 2, 0),
	O(TCP_KEEPIDLE, 0, 1, 100, 32767, 32768, -1),
	O(TCP_KEEPINTVL, 0, 1, 32767, 32768),
	O(TCP_KEEPCNT, 0, 1, 127, 128),
	O(TCP_SYNCNT, 0, 1, 127, 128),
	O(TCP_LINGER2, -1, 0, 1, 60, 121, INT_MAX),
	O(TCP_DEFER_ACCEPT, 0, 1, 3, 10, 100000, -1),
	O(TCP_WINDOW_CLAMP, 0, 100, 10000, -1),
	O(TCP_QUICKACK, 0, 1, 2, -1),
	O(TCP_USER_TIMEOUT, 0, 1000, -1),
	O(TCP_NOTSENT_LOWAT, 0, 1, -1),
	O(999, 1),
};

static void congestion(const char *name, socklen_t len)
{
	char back[16] = "";
	socklen_t back_len = sizeof(back);
	int fd = tcp4();

	printf("TCP_CONGESTION \"%s\" %u: ", name, len);
	printf("%s", setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, len) ? strerrorname_np(errno)
									    : "0");
	/* The default is the kernel's builder's choice. */
	CALL(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, back, &back_len);
	printf(" then \"%s\" length %u\n", back, back_len);
	close(fd);
}

static int connected(void)
{
	int fd[2];

	tcp_pair(fd, "127.0.0.1:0");
	return fd[0];
}

int main(void)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int fd, pair[2], val = 1;

	part("fresh");
	WALK(table, IPPROTO_TCP, tcp4);
	part("congestion control");
	congestion("cubic", 5);
	congestion("reno", 4);
	congestion("reno", 2);
	congestion("nosuch", 6);
	congestion("", 0);
	part("connected");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		fd = connected();
		if (table[i].opt == TCP_MAXSEG || table[i].opt == TCP_WINDOW_CLAMP)
			continue; /* what was negotiated */
		printf("%s:", table[i].name);
		get_int(fd, IPPROTO_TCP, &table[i]);
		printf("\n");
	}
	part("TCP_INFO");
	tcp_pair(pair, "127.0.0.1:0");
	CALL(getsockopt(pair[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	VALUE(info.tcpi_state);
	VALUE(info.tcpi_ca_state);
	VALUE(info.tcpi_retransmits);
	VALUE(info.tcpi_options);
	VALUE(info.tcpi_unacked);
	VALUE(info.tcpi_snd_cwnd);
	VALUE(info.tcpi_reordering);
	VALUE(info.tcpi_pmtu);
	FACT(info.tcpi_snd_mss > 30000);
	VALUE(info.tcpi_snd_wscale);
	VALUE(info.tcpi_rcv_wscale);
	len = 1;
	CALL(getsockopt(pair[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	VALUE(len);
	CALL(shutdown(pair[0], SHUT_WR));
	sleep_ms(100); /* a delayed acknowledgement */
	len = sizeof(info);
	CALL(getsockopt(pair[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	VALUE(info.tcpi_state);
	CALL(getsockopt(pair[1], IPPROTO_TCP, TCP_INFO, &info, &len));
	VALUE(info.tcpi_state);
	part("the wrong socket");
	fd = udp4();
	len = sizeof(val);
	CALL(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &val, &len));
	CALL(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &val, sizeof(val)));
	part("inherited by what accept() gives");
	int l = tcp_listener("127.0.0.1:0", 1), keep = 77;

	CALL(setsockopt(l, IPPROTO_TCP, TCP_KEEPIDLE, &keep, sizeof(keep)));
	CALL(setsockopt(l, IPPROTO_TCP, TCP_NODELAY, &val, sizeof(val)));
	CALL(setsockopt(l, SOL_SOCKET, SO_KEEPALIVE, &val, sizeof(val)));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CALL(connect(fd, TO("127.0.0.1:0", l)));
	int a = FD(accept(l, NULL, NULL));

	OPT(a, IPPROTO_TCP, TCP_KEEPIDLE);
	OPT(a, IPPROTO_TCP, TCP_NODELAY);
	OPT(a, SOL_SOCKET, SO_KEEPALIVE);
	OPT(l, SOL_SOCKET, SO_ACCEPTCONN);
	OPT(a, SOL_SOCKET, SO_ACCEPTCONN);
	return 0;
}
