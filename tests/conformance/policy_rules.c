/* SPDX-License-Identifier: MIT */
/*
 * Policy routing: rules and tables by netlink, what is refused, and where packets go: ip-rule(8),
 * socket(7) SO_MARK.
 */
#include "transcript.h"
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

static int nl;
static char buf[16384];
static struct nlmsghdr *h = (struct nlmsghdr *)buf;

static void attr(int type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)(buf + NLMSG_ALIGN(h->nlmsg_len));

	a->rta_type = (unsigned short)type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(a->rta_len);
}
static void attr32(int type, uint32_t v)
{
	attr(type, &v, 4);
}
static void attr_addr(int type, int family, const char *text)
{
	unsigned char a[16];

	inet_pton(family, text, a);
	attr(type, a, family == AF_INET ? 4 : 16);
}

/* Sends what was built: "title: EEXIST". */
static void ask(const char *title)
{
	char answer[4096];
	ssize_t n;

	send(nl, buf, h->nlmsg_len, 0);
	n = recv(nl, answer, sizeof(answer), 0);
	struct nlmsghdr *a = (struct nlmsghdr *)answer;
	struct nlmsgerr *e = NLMSG_DATA(a);

	if (n < 0 || a->nlmsg_type != NLMSG_ERROR)
		printf("%s: answer of type %d\n", title, n < 0 ? -1 : a->nlmsg_type);
	else
		printf("%s: %s\n", title, e->error ? strerrorname_np(-e->error) : "0");
}

static struct fib_rule_hdr *rule(int type, int flags, int family, int action, int table)
{
	struct fib_rule_hdr *r = NLMSG_DATA(h);

	memset(buf, 0, sizeof(buf));
	h->nlmsg_len = NLMSG_LENGTH(sizeof(*r));
	h->nlmsg_type = (unsigned short)type;
	h->nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags);
	r->family = (unsigned char)family;
	r->action = (unsigned char)action;
	r->table = (unsigned char)table;
	return r;
}
#define ADD (NLM_F_CREATE | NLM_F_EXCL)

static void add_mark(const char *title, int family, uint32_t pref, uint32_t mark, uint32_t mask, int table)
{
	rule(RTM_NEWRULE, ADD, family, FR_ACT_TO_TBL, table);
	attr32(FRA_PRIORITY, pref);
	attr32(FRA_FWMARK, mark);
	if (mask)
		attr32(FRA_FWMASK, mask);
	ask(title);
}
static void del_pref(const char *title, int family, uint32_t pref)
{
	rule(RTM_DELRULE, 0, family, 0, 0);
	attr32(FRA_PRIORITY, pref);
	ask(title);
}

static void show_rule(struct nlmsghdr *m)
{
	struct fib_rule_hdr *r = NLMSG_DATA(m);
	struct rtattr *a = (struct rtattr *)((char *)r + NLMSG_ALIGN(sizeof(*r)));
	int left = (int)(m->nlmsg_len - NLMSG_LENGTH(sizeof(*r)));

	printf("  type %d family %d dst %d src %d tos %d table %d action %d flags %x", m->nlmsg_type, r->family,
	       r->dst_len, r->src_len, r->tos, r->table, r->action, r->flags);
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		uint32_t v = 0;

		memcpy(&v, RTA_DATA(a), RTA_PAYLOAD(a) < 4 ? RTA_PAYLOAD(a) : 4);
		printf(" %d:%zu:%x", a->rta_type, (size_t)RTA_PAYLOAD(a), v);
	}
	printf("\n");
}

static void dump(const char *title, int family)
{
	bool done = false;

	printf("%s\n", title);
	rule(RTM_GETRULE, NLM_F_DUMP, family, 0, 0);
	send(nl, buf, h->nlmsg_len, 0);
	while (!done) {
		static char answer[32768];
		int n = (int)recv(nl, answer, sizeof(answer), 0);

		for (struct nlmsghdr *m = (struct nlmsghdr *)answer; NLMSG_OK(m, (unsigned)n);
		     m = NLMSG_NEXT(m, n)) {
			if (m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR)
				done = true;
			else if (((struct fib_rule_hdr *)NLMSG_DATA(m))->family < 128) /* no rules of multicast routing */
				show_rule(m);
		}
	}
}

/* A default route through lo whose source says which table was asked. */
static void route(const char *title, int type, int family, uint32_t table, const char *source, int kind)
{
	struct rtmsg *r = NLMSG_DATA(h);

	memset(buf, 0, sizeof(buf));
	h->nlmsg_len = NLMSG_LENGTH(sizeof(*r));
	h->nlmsg_type = (unsigned short)type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (type == RTM_NEWROUTE ? ADD : 0);
	r->rtm_family = (unsigned char)family;
	r->rtm_table = RT_TABLE_UNSPEC;
	r->rtm_protocol = RTPROT_BOOT;
	r->rtm_scope = kind == RTN_UNICAST ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	r->rtm_type = (unsigned char)kind;
	attr32(RTA_TABLE, table);
	if (source) {
		attr32(RTA_OIF, if_nametoindex("lo"));
		attr_addr(RTA_PREFSRC, family, source);
	}
	ask(title);
}

static void address(int family, const char *text)
{
	struct ifaddrmsg *m = NLMSG_DATA(h);

	memset(buf, 0, sizeof(buf));
	h->nlmsg_len = NLMSG_LENGTH(sizeof(*m));
	h->nlmsg_type = RTM_NEWADDR;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | ADD;
	m->ifa_family = (unsigned char)family;
	m->ifa_prefixlen = family == AF_INET ? 32 : 128;
	m->ifa_index = if_nametoindex("lo");
	m->ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
	attr_addr(IFA_LOCAL, family, text);
	ask(text);
}

/* Where a UDP socket's packets to there would come from. */
static void from(const char *title, const char *there, uint32_t mark, const char *source, uid_t uid, int tos)
{
	int fd;

	/* A socket is of who makes it. */
	if (uid)
		seteuid(uid);
	fd = socket(addr_of(there)->sa_family, SOCK_DGRAM, 0);
	seteuid(0);

	if (mark)
		setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (tos)
		setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	if (source)
		bind(fd, ADDR(source));
	printf("%s: ", title);
	if (connect(fd, ADDR(there)))
		printf("%s\n", strerrorname_np(errno));
	else
		show_name("", fd, getsockname);
	close(fd);
}

int main(void)
{
	nl = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	part("as it is at first");
	dump("all", AF_UNSPEC);
	dump("IPv4", AF_INET);
	dump("IPv6", AF_INET6);
	part("addresses and tables");
	address(AF_INET, "10.0.0.1");
	address(AF_INET, "10.0.0.2");
	address(AF_INET, "10.0.0.3");
	address(AF_INET6, "fd00::1");
	address(AF_INET6, "fd00::2");
	from("no route", "8.8.8.8:53", 0, NULL, 0, 0);
	route("main", RTM_NEWROUTE, AF_INET, RT_TABLE_MAIN, "10.0.0.1", RTN_UNICAST);
	route("table 100", RTM_NEWROUTE, AF_INET, 100, "10.0.0.2", RTN_UNICAST);
	route("again", RTM_NEWROUTE, AF_INET, 100, "10.0.0.2", RTN_UNICAST);
	route("table 70000", RTM_NEWROUTE, AF_INET, 70000, "10.0.0.3", RTN_UNICAST);
	route("throw in 200", RTM_NEWROUTE, AF_INET, 200, NULL, RTN_THROW);
	route("blackhole in 201", RTM_NEWROUTE, AF_INET, 201, NULL, RTN_BLACKHOLE);
	route("unreachable in 202", RTM_NEWROUTE, AF_INET, 202, NULL, RTN_UNREACHABLE);
	route("prohibit in 203", RTM_NEWROUTE, AF_INET, 203, NULL, RTN_PROHIBIT);
	route("IPv6 main", RTM_NEWROUTE, AF_INET6, RT_TABLE_MAIN, "fd00::1", RTN_UNICAST);
	route("IPv6 table 100", RTM_NEWROUTE, AF_INET6, 100, "fd00::2", RTN_UNICAST);
	from("main decides", "8.8.8.8:53", 1, NULL, 0, 0);
	part("marks");
	add_mark("mark 1", AF_INET, 1000, 1, 0, 100);
	add_mark("the same", AF_INET, 1000, 1, 0, 100);
	add_mark("mark 0x20/0xf0", AF_INET, 1001, 0x20, 0xf0, 100);
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 0);
	attr32(FRA_TABLE, 70000);
	attr32(FRA_FWMARK, 3);
	ask("mark 3, a large table, no priority");
	for (uint32_t m = 4; m < 8; m++)
		add_mark("one more", AF_INET, 1000 + m, m, 0, 196 + (int)m);
	add_mark("IPv6", AF_INET6, 1000, 1, 0, 100);
	dump("IPv4", AF_INET);
	dump("IPv6", AF_INET6);
	from("no mark", "8.8.8.8:53", 0, NULL, 0, 0);
	from("mark 1", "8.8.8.8:53", 1, NULL, 0, 0);
	from("mark 2", "8.8.8.8:53", 2, NULL, 0, 0);
	from("mark 0x120", "8.8.8.8:53", 0x120, NULL, 0, 0);
	from("mark 0x130", "8.8.8.8:53", 0x130, NULL, 0, 0);
	from("mark 3", "8.8.8.8:53", 3, NULL, 0, 0);
	from("throw", "8.8.8.8:53", 4, NULL, 0, 0);
	from("blackhole", "8.8.8.8:53", 5, NULL, 0, 0);
	from("unreachable", "8.8.8.8:53", 6, NULL, 0, 0);
	from("prohibit", "8.8.8.8:53", 7, NULL, 0, 0);
	from("IPv6, no mark", "[2001::1]:53", 0, NULL, 0, 0);
	from("IPv6, mark 1", "[2001::1]:53", 1, NULL, 0, 0);
	from("local comes first", "127.0.0.1:53", 5, NULL, 0, 0);
	part("removed");
	del_pref("1000", AF_INET, 1000);
	del_pref("1000 again", AF_INET, 1000);
	rule(RTM_DELRULE, 0, AF_INET, FR_ACT_TO_TBL, 100);
	ask("by table");
	rule(RTM_DELRULE, 0, AF_INET, 0, 0);
	attr32(FRA_FWMARK, 3);
	ask("by mark");
	for (uint32_t m = 4; m < 8; m++)
		del_pref("one more", AF_INET, 1000 + m);
	from("mark 1", "8.8.8.8:53", 1, NULL, 0, 0);
	part("actions");
	for (int action = FR_ACT_NOP; action <= FR_ACT_PROHIBIT; action++) {
		static const char *const names[] = { [FR_ACT_NOP] = "nop", [FR_ACT_BLACKHOLE] = "blackhole",
						     [FR_ACT_UNREACHABLE] = "unreachable",
						     [FR_ACT_PROHIBIT] = "prohibit" };

		if (!names[action])
			continue;
		for (int v6 = 0; v6 < 2; v6++) {
			rule(RTM_NEWRULE, ADD, v6 ? AF_INET6 : AF_INET, action, 0);
			attr32(FRA_PRIORITY, 1);
			ask(names[action]);
			from(names[action], v6 ? "[2001::1]:53" : "8.8.8.8:53", 0, NULL, 0, 0);
			del_pref("gone", v6 ? AF_INET6 : AF_INET, 1);
		}
	}
	part("sources, destinations, devices, users, types of service");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100)->src_len = 32;
	attr_addr(FRA_SRC, AF_INET, "10.0.0.3");
	attr32(FRA_PRIORITY, 10);
	ask("from 10.0.0.3");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_PROHIBIT, 0)->dst_len = 16;
	attr_addr(FRA_DST, AF_INET, "9.9.9.9");
	attr32(FRA_PRIORITY, 11);
	ask("to 9.9.0.0/16");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100)->tos = 0x10;
	attr32(FRA_PRIORITY, 12);
	ask("tos 0x10");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100);
	attr32(FRA_PRIORITY, 13);
	attr(FRA_UID_RANGE, (uint32_t[]){ 1000, 1999 }, 8);
	ask("uid 1000-1999");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100);
	attr32(FRA_PRIORITY, 14);
	attr(FRA_DPORT_RANGE, (uint16_t[]){ 80, 88 }, 4);
	attr(FRA_IP_PROTO, (uint8_t[]){ IPPROTO_UDP }, 1);
	ask("UDP ports 80-88");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_PROHIBIT, 0);
	attr32(FRA_PRIORITY, 15);
	attr(FRA_IIFNAME, "eth77", 6);
	ask("iif that is not there");
	dump("IPv4", AF_INET);
	from("other source", "8.8.8.8:53", 0, "10.0.0.2:0", 0, 0);
	from("that source", "8.8.8.8:53", 0, "10.0.0.3:0", 0, 0);
	from("to 9.9.3.4", "9.9.3.4:53", 0, NULL, 0, 0);
	from("to 9.8.3.4", "9.8.3.4:53", 0, NULL, 0, 0);
	from("tos 0x10", "8.8.8.8:53", 0, NULL, 0, 0x10);
	from("tos 0x12", "8.8.8.8:53", 0, NULL, 0, 0x12);
	from("tos 0x20", "8.8.8.8:53", 0, NULL, 0, 0x20);
	from("uid 1500", "8.8.8.8:53", 0, NULL, 1500, 0);
	from("uid 2000", "8.8.8.8:53", 0, NULL, 2000, 0);
	from("port 80", "8.8.8.8:80", 0, NULL, 0, 0);
	from("port 89", "8.8.8.8:89", 0, NULL, 0, 0);
	for (uint32_t pref = 10; pref <= 15; pref++)
		del_pref("gone", AF_INET, pref);
	part("not, goto, suppress_prefixlength");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100)->flags = FIB_RULE_INVERT;
	attr32(FRA_PRIORITY, 10);
	attr32(FRA_FWMARK, 1);
	ask("not mark 1");
	from("mark 1", "8.8.8.8:53", 1, NULL, 0, 0);
	from("mark 2", "8.8.8.8:53", 2, NULL, 0, 0);
	del_pref("gone", AF_INET, 10);
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_GOTO, 0);
	attr32(FRA_PRIORITY, 10);
	attr32(FRA_GOTO, 30);
	ask("goto 30");
	dump("unresolved", AF_INET);
	add_mark("at 20", AF_INET, 20, 1, 0, 203);
	add_mark("at 30", AF_INET, 30, 1, 0, 100);
	from("mark 1", "8.8.8.8:53", 1, NULL, 0, 0);
	del_pref("gone", AF_INET, 10);
	from("mark 1 without goto", "8.8.8.8:53", 1, NULL, 0, 0);
	del_pref("gone", AF_INET, 20);
	del_pref("gone", AF_INET, 30);
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100);
	attr32(FRA_PRIORITY, 10);
	attr32(FRA_SUPPRESS_PREFIXLEN, 0);
	ask("suppress the default route");
	from("suppressed", "8.8.8.8:53", 0, NULL, 0, 0);
	del_pref("gone", AF_INET, 10);
	part("refused");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_GOTO, 0);
	attr32(FRA_PRIORITY, 10);
	attr32(FRA_GOTO, 5);
	ask("goto backwards");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_GOTO, 0);
	attr32(FRA_PRIORITY, 10);
	ask("goto nowhere");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100)->src_len = 33;
	attr_addr(FRA_SRC, AF_INET, "10.0.0.3");
	ask("a prefix of 33 bits");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100)->src_len = 8;
	ask("a length without a prefix");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100);
	attr(FRA_FWMARK, "ab", 2);
	ask("a mark of two bytes");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100);
	attr(FRA_UID_RANGE, (uint32_t[]){ 5, 4 }, 8);
	ask("a range of uids backwards");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100);
	attr(FRA_DPORT_RANGE, (uint16_t[]){ 88, 80 }, 4);
	ask("a range of ports backwards");
	rule(RTM_NEWRULE, ADD, AF_INET, FR_ACT_TO_TBL, 100)->tos = 1;
	ask("tos with bits of ECN");
	rule(RTM_NEWRULE, ADD, AF_UNIX, FR_ACT_TO_TBL, 100);
	ask("AF_UNIX");
	part("local and main go");
	del_pref("local", AF_INET, 0);
	from("127.0.0.1", "127.0.0.1:53", 0, NULL, 0, 0);
	del_pref("main", AF_INET, 32766);
	del_pref("default", AF_INET, 32767);
	from("nothing", "8.8.8.8:53", 0, NULL, 0, 0);
	dump("IPv4", AF_INET);
	part("without CAP_NET_ADMIN");
	setresuid(1000, 1000, 1000);
	add_mark("add", AF_INET, 1000, 1, 0, 100);
	del_pref("remove", AF_INET, 1000);
	dump("IPv6", AF_INET6);
	return 0;
}
