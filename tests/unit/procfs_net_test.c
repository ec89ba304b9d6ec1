/* SPDX-License-Identifier: MIT */
/*
 * /proc/net: sockets, devices, routes and counters in the format of Linux 6.18. The expected lines were
 * recorded there, of sockets in the same states; only inode numbers and ephemeral ports are put in, and
 * the column of kernel addresses is 0.
 */
#include "tests/unit/procfs_prog.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "sim/engine/trace.h"
#include "stack/af_packet.h"
#include "stack/ip.h"
#include "stack/neighbour.h"
#include "stack/sock.h"
#include "stack/stack_world.h"

#define PTR "0000000000000000"

static int inode(struct vproc *p, int fd)
{
	struct stat st;

	assert_int_equal(vcall(p, SYS_fstat, fd, &st), 0);
	return (int)st.st_ino;
}

static int port_of(struct vproc *p, int fd)
{
	struct sockaddr_in6 sa;
	socklen_t len = sizeof(sa);

	assert_int_equal(vcall(p, SYS_getsockname, fd, &sa, &len), 0);
	return ntohs(sa.sin6_port);
}

/* The file has this line, whole. */
static void expect_line(struct vproc *p, const char *path, const char *fmt, ...)
{
	char want[512], *got = slurp(p, path, 4096), *at;
	size_t len;
	va_list ap;

	want[0] = '\n';
	va_start(ap, fmt);
	len = (size_t)vsnprintf(want + 1, sizeof(want) - 2, fmt, ap) + 1;
	va_end(ap);
	want[len] = '\n';
	want[len + 1] = 0;
	at = strstr(got, want);
	if (!at && strncmp(got, want + 1, len) != 0)
		fail_msg("%s:\n%s\nwithout\n%s", path, got, want + 1);
	free(got);
}

static struct sockaddr_in v4(const char *addr, int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((u16)port) };

	assert_int_equal(inet_pton(AF_INET, addr, &sa.sin_addr), 1);
	return sa;
}

static struct sockaddr_in6 v6(const char *addr, int port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons((u16)port) };

	assert_int_equal(inet_pton(AF_INET6, addr, &sa.sin6_addr), 1);
	return sa;
}

static int sock(struct vproc *p, int family, int type)
{
	int fd = (int)vcall(p, SYS_socket, family, type, 0);

	assert_true(fd >= 0);
	return fd;
}

static void tcp(struct vproc *p)
{
	struct sockaddr_in sa = v4("127.0.0.1", 8080);
	int l = sock(p, AF_INET, SOCK_STREAM), c = sock(p, AF_INET, SOCK_STREAM), s;

	expect_text(p, "/proc/net/tcp",
		    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		    "uid  timeout inode                                                     \n");
	assert_int_equal(vcall(p, SYS_bind, l, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_listen, l, 5), 0);
	expect_line(p, "/proc/self/net/tcp",
		    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  "
		    "   0        0 %d 1 " PTR " 100 0 0 10 0%*s", inode(p, l),
		    26 - snprintf(NULL, 0, "%d", inode(p, l)), "");
	assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), 0);
	vproc_sleep(p, NSEC_PER_MSEC);
	/* In the accept queue: no inode yet. */
	expect_line(p, "/proc/net/tcp",
		    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000001 00:00000000 00000000  "
		    "   0        0 %d 1 " PTR " 100 0 0 10 0%*s", inode(p, l),
		    26 - snprintf(NULL, 0, "%d", inode(p, l)), "");
	expect_line(p, "/proc/net/tcp",
		    "   2: 0100007F:1F90 0100007F:%04X 01 00000000:00000000 00:00000000 00000000  "
		    "   0        0 0 1 " PTR " 20 0 0 10 -1                         ", port_of(p, c));
	s = (int)vcall(p, SYS_accept, l, 0, 0);
	assert_int_equal(vcall(p, SYS_write, c, "hello", 5), 5);
	vproc_sleep(p, 3 * NSEC_PER_SEC);
	expect_line(p, "/proc/net/tcp",
		    "   2: 0100007F:1F90 0100007F:%04X 01 00000000:00000005 00:00000000 00000000  "
		    "   0        0 %d 1 " PTR " 20 4 30 10 -1%*s", port_of(p, c), inode(p, s),
		    25 - snprintf(NULL, 0, "%d", inode(p, s)), "");
	vcall(p, SYS_close, s);
	vproc_sleep(p, NSEC_PER_MSEC);
	vcall(p, SYS_close, c);
}

static void tcp_timewait(struct vproc *p)
{
	struct sockaddr_in sa = v4("127.0.0.1", 8080);
	int l = sock(p, AF_INET, SOCK_STREAM), c = sock(p, AF_INET, SOCK_STREAM), s, port;

	assert_int_equal(vcall(p, SYS_bind, l, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_listen, l, 5), 0);
	assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), 0);
	s = (int)vcall(p, SYS_accept, l, 0, 0);
	port = port_of(p, c);
	vcall(p, SYS_close, s);
	vproc_sleep(p, NSEC_PER_SEC);
	vcall(p, SYS_close, c);
	vproc_sleep(p, 2 * NSEC_PER_SEC);
	/* A little less than 58 s of its minute are left. */
	expect_line(p, "/proc/net/tcp",
		    "   1: 0100007F:1F90 0100007F:%04X 06 00000000:00000000 03:000016A7 00000000  "
		    "   0        0 0 3 " PTR "                                      ", port);
}

static void tcp6(struct vproc *p)
{
	struct sockaddr_in6 sa = v6("::", 8081), to = v6("::1", 8081), mapped = v6("::ffff:127.0.0.1", 0);
	int l = sock(p, AF_INET6, SOCK_STREAM), c = sock(p, AF_INET6, SOCK_STREAM), s, m;

	expect_text(p, "/proc/net/tcp6",
		    "  sl  local_address                         remote_address                    "
		    "    st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
	assert_int_equal(vcall(p, SYS_bind, l, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_listen, l, 5), 0);
	assert_int_equal(vcall(p, SYS_connect, c, &to, sizeof(to)), 0);
	s = (int)vcall(p, SYS_accept, l, 0, 0);
	vproc_sleep(p, 3 * NSEC_PER_SEC);
	expect_line(p, "/proc/net/tcp6",
		    "   0: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 "
		    "0A 00000000:00000000 00:00000000 00000000     0        0 %d 1 " PTR
		    " 100 0 0 10 0", inode(p, l));
	expect_line(p, "/proc/net/tcp6",
		    "   2: 00000000000000000000000001000000:1F91 00000000000000000000000001000000:%04X "
		    "01 00000000:00000000 00:00000000 00000000     0        0 %d 1 " PTR
		    " 20 0 0 10 -1", port_of(p, c), inode(p, s));
	m = sock(p, AF_INET6, SOCK_STREAM);
	assert_int_equal(vcall(p, SYS_bind, m, &mapped, sizeof(mapped)), 0);
	assert_int_equal(vcall(p, SYS_listen, m, 5), 0);
	expect_line(p, "/proc/net/tcp6",
		    "   1: 0000000000000000FFFF00000100007F:%04X 00000000000000000000000000000000:0000 "
		    "0A 00000000:00000000 00:00000000 00000000     0        0 %d 1 " PTR
		    " 100 0 0 10 0", port_of(p, m), inode(p, m));
}

/* A connection that nobody answers: SYN_SENT with its timer, and who may see it. */
static void syn_sent(struct vproc *p)
{
	struct sockaddr_in sa = v4("10.0.0.9", 80);
	int c = sock(p, AF_INET, SOCK_STREAM | SOCK_NONBLOCK);

	prog_task(p)->proc->uid = 1000;
	assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), -EINPROGRESS);
	expect_line(p, "/proc/net/tcp",
		    "   0: 0100000A:%04X 0900000A:0050 02 00000001:00000000 01:00000063 00000000  "
		    "   0        0 %d 2 " PTR " 100 0 0 10 -1%*s", port_of(p, c), inode(p, c),
		    25 - snprintf(NULL, 0, "%d", inode(p, c)), "");
}

static void udp(struct vproc *p)
{
	struct sockaddr_in sa = v4("127.0.0.1", 53);
	struct sockaddr_in6 sa6 = v6("::1", 5353);
	int a = sock(p, AF_INET, SOCK_DGRAM), b = sock(p, AF_INET, SOCK_DGRAM);
	int c = sock(p, AF_INET, SOCK_DGRAM), d = sock(p, AF_INET6, SOCK_DGRAM);

	assert_int_equal(vcall(p, SYS_bind, a, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_sendto, b, "x", 1, 0, &sa, sizeof(sa)), 1);
	assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_bind, d, &sa6, sizeof(sa6)), 0);
	vproc_sleep(p, NSEC_PER_SEC);
	expect_line(p, "/proc/net/udp",
		    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt  "
		    " uid  timeout inode ref pointer drops            ");
	expect_line(p, "/proc/net/udp",
		    "   53: 0100007F:0035 00000000:0000 07 00000000:00000340 00:00000000 00000000  "
		    "   0        0 %d 2 " PTR " 0%*s", inode(p, a),
		    14 - snprintf(NULL, 0, "%d", inode(p, a)), "");
	expect_line(p, "/proc/net/udp",
		    "%5d: 0100007F:%04X 0100007F:0035 01 00000000:00000000 00:00000000 00000000  "
		    "   0        0 %d 2 " PTR " 0%*s", port_of(p, c), port_of(p, c), inode(p, c),
		    14 - snprintf(NULL, 0, "%d", inode(p, c)), "");
	expect_text(p, "/proc/net/icmp",
		    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		    "uid  timeout inode ref pointer drops             \n");
	expect_line(p, "/proc/net/udp6",
		    "  sl  local_address                         remote_address                    "
		    "    st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer "
		    "drops");
	expect_line(p, "/proc/net/udp6",
		    " 5353: 00000000000000000000000001000000:14E9 00000000000000000000000000000000:0000 "
		    "07 00000000:00000000 00:00000000 00000000     0        0 %d 2 " PTR " 0",
		    inode(p, d));
	/* In order of port. */
	{
		char *got = slurp(p, "/proc/net/udp", 4096), *line = got;
		int last = -1;

		while ((line = strchr(line, '\n')) && *++line) {
			assert_true(atoi(line) > last);
			last = atoi(line);
		}
		free(got);
	}
}

static void unix_sockets(struct vproc *p)
{
	struct sockaddr_un abs = { .sun_family = AF_UNIX, .sun_path = "\0abs" };
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/tmp/pf.sock" };
	int x = sock(p, AF_UNIX, SOCK_STREAM), y = sock(p, AF_UNIX, SOCK_DGRAM), pair[2], c;
	char want[1024];

	assert_int_equal(vcall(p, SYS_bind, x, &abs, 6), 0);
	assert_int_equal(vcall(p, SYS_listen, x, 1), 0);
	assert_int_equal(vcall(p, SYS_bind, y, &path, sizeof(path)), 0);
	assert_int_equal(vcall(p, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c = sock(p, AF_UNIX, SOCK_STREAM);
	assert_int_equal(vcall(p, SYS_connect, c, &abs, 6), 0);
	snprintf(want, sizeof(want),
		 "Num       RefCount Protocol Flags    Type St Inode Path\n"
		 PTR ": 00000002 00000000 00010000 0001 01 %5d @abs\n"
		 PTR ": 00000002 00000000 00000000 0002 01 %5d /tmp/pf.sock\n"
		 PTR ": 00000003 00000000 00000000 0001 03 %5d\n"
		 PTR ": 00000003 00000000 00000000 0001 03 %5d\n"
		 PTR ": 00000003 00000000 00000000 0001 03 %5d\n"
		 PTR ": 00000003 00000000 00000000 0001 02     0 @abs\n",
		 inode(p, x), inode(p, y), inode(p, pair[0]), inode(p, pair[1]), inode(p, c));
	expect_text(p, "/proc/net/unix", want);
}

static void headers(struct vproc *p)
{
	expect_text(p, "/proc/net/raw",
		    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		    "uid  timeout inode ref pointer drops\n");
	expect_text(p, "/proc/net/packet",
		    "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n");
	expect_text(p, "/proc/net/netlink",
		    "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    "
		    "Drops    Inode\n");
	expect_text(p, "/proc/net/arp",
		    "IP address       HW type     Flags       HW address            Mask     "
		    "Device\n");
	expect_text(p, "/proc/net/psched", "000003e8 00000040 000f4240 3b9aca00\n");
	assert_int_equal(vopen(p, "/proc/net/tcp", O_WRONLY), -EACCES);
	assert_int_equal(vopen(p, "/proc/net/wireless", O_RDONLY), -ENOENT);
	expect_list(p, "/proc/net",
		    ". .. arp dev raw tcp udp icmp igmp raw6 snmp tcp6 udp6 unix icmp6 igmp6 route "
		    "snmp6 packet psched netlink netstat udplite if_inet6 sockstat udplite6 "
		    "dev_mcast sockstat6 ipv6_route softnet_stat ");
	expect_list(p, "/proc/thread-self/net",
		    ". .. arp dev raw tcp udp icmp igmp raw6 snmp tcp6 udp6 unix icmp6 igmp6 route "
		    "snmp6 packet psched netlink netstat udplite if_inet6 sockstat udplite6 "
		    "dev_mcast sockstat6 ipv6_route softnet_stat ");
}

/* As getsockname(2) of a netlink socket in group 1. */
static s64 netlink_name(struct sock *sk, bool peer, struct sockaddr_storage *ss)
{
	static const u8 name[] = { AF_NETLINK, 0, 0, 0, 100, 0, 0, 0, 1, 0, 0, 0 };

	memcpy(ss, name, sizeof(name));
	return 12;
}

static void other_families(struct vproc *p)
{
	static const struct proto_ops packet = { .name = "P", .family = AF_PACKET, .type = SOCK_RAW,
						 .obj_size = sizeof(struct packet_sock) };
	static const struct proto_ops netlink = { .name = "N", .family = AF_NETLINK,
						  .type = SOCK_RAW, .obj_size = sizeof(struct sock),
						  .getname = netlink_name };
	struct net *net = vproc_host(p)->net;
	struct packet_sock *po;

	po = pkt_sk(sk_alloc(net, &packet));
	po->sk.rmem_alloc = 4166;
	po->num = htons(0x0800);
	po->ifindex = 2;
	po->running = true;
	sk_alloc(net, &netlink);
	expect_line(p, "/proc/net/packet", PTR " 3      3    0800   2     1 4166   0      0     ");
	expect_line(p, "/proc/net/netlink",
		    PTR " 0   100        00000001 0        0        0     2        0        0       ");
}

/* What a ping over loopback and two datagrams leave. */
static void counters(struct vproc *p)
{
	struct sockaddr_in sa = v4("127.0.0.1", 53), closed = v4("127.0.0.1", 54);
	int a = sock(p, AF_INET, SOCK_DGRAM), b = sock(p, AF_INET, SOCK_DGRAM);
	int l = sock(p, AF_INET, SOCK_STREAM), c = sock(p, AF_INET, SOCK_STREAM);
	char buf[8];

	assert_int_equal(vcall(p, SYS_bind, a, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_sendto, b, "x", 1, 0, &sa, sizeof(sa)), 1);
	assert_int_equal(vcall(p, SYS_read, a, buf, 8), 1);
	assert_int_equal(vcall(p, SYS_sendto, b, "x", 1, 0, &closed, sizeof(sa)), 1);
	assert_int_equal(vcall(p, SYS_bind, l, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_listen, l, 5), 0);
	assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), 0);
	vproc_sleep(p, NSEC_PER_SEC);
	expect_line(p, "/proc/net/snmp",
		    "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams "
		    "InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes "
		    "ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates "
		    "OutTransmits");
	expect_line(p, "/proc/net/snmp", "Ip: 2 64 6 0 0 0 0 0 6 6 0 0 0 0 0 0 0 0 0 6");
	expect_line(p, "/proc/net/snmp", "Icmp: 1 0 0 1 0 0 0 0 0 0 0 0 0 0 1 0 0 0 1 0 0 0 0 0 0 0 0 0 0");
	expect_line(p, "/proc/net/snmp", "IcmpMsg: InType3 OutType3");
	expect_line(p, "/proc/net/snmp", "IcmpMsg: 1 1");
	expect_line(p, "/proc/net/snmp", "Tcp: 1 200 120000 -1 1 1 0 0 2 3 3 0 0 0 0");
	expect_line(p, "/proc/net/snmp", "Udp: 1 1 0 2 0 0 0 0 0");
	expect_line(p, "/proc/net/snmp", "UdpLite: 0 0 0 0 0 0 0 0 0");
	expect_line(p, "/proc/net/netstat", "IpExt: InNoRoutes InTruncatedPkts InMcastPkts "
					    "OutMcastPkts InBcastPkts OutBcastPkts InOctets "
					    "OutOctets InMcastOctets OutMcastOctets InBcastOctets "
					    "OutBcastOctets InCsumErrors InNoECTPkts InECT1Pkts "
					    "InECT0Pkts InCEPkts ReasmOverlaps");
	expect_line(p, "/proc/net/snmp6", "Ip6InReceives                   \t0");
	expect_line(p, "/proc/net/snmp6", "Icmp6OutMLDv2Reports            \t0");
	expect_line(p, "/proc/net/sockstat", "sockets: used 4");
	expect_line(p, "/proc/net/sockstat", "TCP: inuse 3 orphan 0 tw 0 alloc 3 mem 0");
	expect_line(p, "/proc/net/sockstat", "UDP: inuse 2 mem 0");
	expect_line(p, "/proc/net/sockstat", "FRAG: inuse 0 memory 0");
	expect_line(p, "/proc/net/sockstat6", "TCP6: inuse 0");
	/* A name for each value. */
	{
		char *got = slurp(p, "/proc/net/netstat", 65536), *lines[2];
		int words[2] = { 0, 0 };

		lines[0] = strtok(got, "\n");
		lines[1] = strtok(NULL, "\n");
		for (int i = 0; i < 2; i++) {
			for (char *s = lines[i]; *s; s++)
				words[i] += *s == ' ';
		}
		assert_int_equal(words[0], 135);
		assert_int_equal(words[1], 135);
		free(got);
	}
}

static void devices(struct vproc *p)
{
	struct host *h = vproc_host(p);
	struct net_device *dev = dev_get_by_name(h, "eth0");

	dev->stats = (struct netdev_stats){ .rx_bytes = 90, .rx_packets = 1, .tx_bytes = 196,
					    .tx_packets = 2, .rx_missed_errors = 3 };
	expect_text(p, "/proc/net/dev",
		    "Inter-|   Receive                                                |  Transmit\n"
		    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
		    "packets errs drop fifo colls carrier compressed\n"
		    "    lo:       0       0    0    0    0     0          0         0        0     "
		    "  0    0    0    0     0       0          0\n"
		    "  eth0:      90       1    0    3    0     0          0         0      196     "
		    "  2    0    0    0     0       0          0\n");
	expect_text(p, "/proc/net/softnet_stat",
		    "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
		    "00000000 00000000 00000000 00000000 00000000 00000000 00000000\n"
		    "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
		    "00000000 00000000 00000000 00000000 00000001 00000000 00000000\n");
	expect_text(p, "/proc/net/route",
		    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\t"
		    "IRTT                                                       \n"
		    "eth0\t00000000\t0200090A\t0003\t0\t0\t0\t00000000\t0\t0\t0"
		    "                                                                               "
		    "\n"
		    "eth0\t0000090A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0"
		    "                                                                               "
		    "\n");
	expect_text(p, "/proc/net/ipv6_route",
#define ZERO "00000000000000000000000000000000"
		    "20010db8000000000000000000000000 40 " ZERO " 00 " ZERO
		    " 00000100 00000001 00000000 00000001     eth0\n"
		    "fe800000000000000000000000000000 40 " ZERO " 00 " ZERO
		    " 00000100 00000001 00000000 00000001     eth0\n" ZERO " 00 " ZERO " 00 " ZERO
		    " ffffffff 00000001 00000000 00200200       lo\n"
		    "00000000000000000000000000000001 80 " ZERO " 00 " ZERO
		    " 00000000 00000001 00000000 80200001       lo\n"
		    "20010db8000000000000000000000001 80 " ZERO " 00 " ZERO
		    " 00000000 00000001 00000000 80200001     eth0\n"
		    "fe80000000000000000000fffe000002 80 " ZERO " 00 " ZERO
		    " 00000000 00000001 00000000 80200001     eth0\n"
		    "ff000000000000000000000000000000 08 " ZERO " 00 " ZERO
		    " 00000100 00000001 00000000 00000001     eth0\n" ZERO " 00 " ZERO " 00 " ZERO
		    " ffffffff 00000001 00000000 00200200       lo\n");
	expect_text(p, "/proc/net/if_inet6",
		    "00000000000000000000000000000001 01 80 10 80       lo\n"
		    "fe80000000000000000000fffe000002 02 40 20 80     eth0\n"
		    "20010db8000000000000000000000001 02 40 00 80     eth0\n");
	expect_text(p, "/proc/net/arp",
		    "IP address       HW type     Flags       HW address            Mask     "
		    "Device\n"
		    "10.9.0.7         0x1         0x6         02:00:00:00:01:07     *        "
		    "eth0\n");
	expect_text(p, "/proc/net/igmp",
		    "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
		    "1\tlo        :     1      V3\n"
		    "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
		    "2\teth0      :     1      V3\n"
		    "\t\t\t\t010000E0     1 0:00000000\t\t0\n");
	expect_text(p, "/proc/net/igmp6",
		    "1    lo              ff020000000000000000000000000001     1 0000000C 0\n"
		    "1    lo              ff010000000000000000000000000001     1 00000008 0\n"
		    "2    eth0            ff0200000000000000000001ff000001     1 00000004 0\n"
		    "2    eth0            ff0200000000000000000001ff000002     1 00000004 0\n"
		    "2    eth0            ff020000000000000000000000000001     1 0000000C 0\n"
		    "2    eth0            ff010000000000000000000000000001     1 00000008 0\n");
	expect_line(p, "/proc/net/dev_mcast", "2    eth0            1     0     01005e000001");
	expect_line(p, "/proc/net/dev_mcast", "2    eth0            1     0     333300000001");
}

static enum netdev_tx drop_xmit(struct sk_buff *skb, struct net_device *dev)
{
	consume_skb(skb);
	return NETDEV_TX_OK;
}

/* A host with eth0 that leads nowhere. */
static void on_eth0(vproc_fn fn, const char *addr4, const char *addr6, const char *gateway)
{
	static const struct net_device_ops ops = { .start_xmit = drop_xmit };
	struct trace *tr = trace_new(TRACE_NONE);
	struct world *w = world_new(1, strategy_default(), tr);
	struct host *h = host_new(w, "a", 2);
	const u8 mac[6] = { 2, 0, 0, 0, 1, 7 };
	struct route_spec r = { .metric = 0 };
	struct net_device *dev;
	union ipaddr a;
	int plen;

	stack_world_init(w);
	net_host_init(h);
	dev = netdev_new(h, "eth0", &ops, 1, 1);
	dev->mac[0] = dev->mac[5] = 2;
	dev->carrier = true;
	dev_open(dev);
	assert_int_equal(ipaddr_parse_prefix(addr4, &a, &plen), 0);
	assert_int_equal(ip_addr_add(h->net, dev, &a, plen), 0);
	assert_int_equal(ipaddr_parse_prefix(addr6, &a, &plen), 0);
	assert_int_equal(ip_addr_add(h->net, dev, &a, plen), 0);
	if (gateway) {
		assert_int_equal(ipaddr_parse_prefix("0.0.0.0/0", &r.dst, &r.plen), 0);
		assert_int_equal(ipaddr_parse(gateway, &r.gateway), 0);
		assert_int_equal(route_add(h->net, &r), 0);
		assert_int_equal(ipaddr_parse("10.9.0.7", &a), 0);
		assert_int_equal(neigh_add(h->net, dev, &a, mac), 0);
	}
	vproc_start(h, "p", fn, NULL, 0);
	sim_run(&w->sim, NSEC_PER_SEC);
	world_destroy(w);
	trace_free(tr, true);
}

static void test_devices(void **state)
{
	on_eth0(devices, "10.9.0.1/24", "2001:db8::1/64", "10.9.0.2");
}

static void test_syn_sent(void **state)
{
	on_eth0(syn_sent, "10.0.0.1/24", "2001:db8::1/64", NULL);
}

#define TEST(fn)                                                                                   \
	static void test_##fn(void **state)                                                        \
	{                                                                                          \
		vrun(fn);                                                                          \
	}
TEST(tcp)
TEST(tcp_timewait)
TEST(tcp6)
TEST(udp)
TEST(unix_sockets)
TEST(headers)
TEST(other_families)
TEST(counters)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),	     cmocka_unit_test(test_tcp_timewait),
		cmocka_unit_test(test_tcp6),	     cmocka_unit_test(test_syn_sent),
		cmocka_unit_test(test_udp),	     cmocka_unit_test(test_unix_sockets),
		cmocka_unit_test(test_headers),	     cmocka_unit_test(test_counters),
		cmocka_unit_test(test_devices),	     cmocka_unit_test(test_other_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
