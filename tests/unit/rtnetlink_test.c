/* SPDX-License-Identifier: MIT */
/*
 * Links, addresses and routes over NETLINK_ROUTE (rtnetlink(7)), on lo: the same code says the same of
 * Linux, run as root in a network namespace where lo is up (support/native.c).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* A request being made, and what was answered last. */
struct request {
	union {
		struct nlmsghdr h;
		char bytes[512];
	};
};

struct answer {
	union {
		struct nlmsghdr h;
		char bytes[16384];
	};
	s64 len;
};

static int route_socket(struct vproc *p)
{
	return (int)vcall(p, SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE);
}

static void *begin(struct request *r, int type, int flags, size_t body)
{
	memset(r, 0, sizeof(*r));
	r->h.nlmsg_type = (u16)type;
	r->h.nlmsg_flags = (u16)(flags | NLM_F_REQUEST);
	r->h.nlmsg_seq = 77;
	r->h.nlmsg_len = (u32)NLMSG_LENGTH(body);
	return NLMSG_DATA(&r->h);
}

static void attr(struct request *r, int type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)(void *)(r->bytes + NLMSG_ALIGN(r->h.nlmsg_len));

	a->rta_type = (u16)type;
	a->rta_len = (u16)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->h.nlmsg_len = (u32)(NLMSG_ALIGN(r->h.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

static void talk(struct vproc *p, int fd, const struct request *r, struct answer *a)
{
	assert_int_equal(vcall(p, SYS_sendto, fd, r->bytes, r->h.nlmsg_len, 0, NULL, 0), r->h.nlmsg_len);
	a->len = vcall(p, SYS_recvfrom, fd, a->bytes, sizeof(a->bytes), 0, NULL, NULL);
}

/* The error of an acknowledgement, which has the request's header and number. */
static int ack(struct vproc *p, const struct request *r)
{
	static struct answer a;
	const struct nlmsgerr *e = NLMSG_DATA(&a.h);
	int fd = route_socket(p);

	talk(p, fd, r, &a);
	assert_int_equal(vcall(p, SYS_close, fd), 0);
	assert_true(a.len >= (s64)NLMSG_LENGTH(sizeof(*e)));
	assert_int_equal(a.h.nlmsg_type, NLMSG_ERROR);
	assert_int_equal(a.h.nlmsg_seq, 77);
	assert_int_equal(e->msg.nlmsg_type, r->h.nlmsg_type);
	assert_int_equal(e->msg.nlmsg_len, r->h.nlmsg_len);
	return e->error;
}

static const struct rtattr *find(const struct nlmsghdr *h, size_t body, int type)
{
	const struct rtattr *a = (const struct rtattr *)(const void *)((const char *)NLMSG_DATA(h) +
								      NLMSG_ALIGN(body));
	int left = (int)(h->nlmsg_len - NLMSG_LENGTH(body));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == type)
			return a;
	}
	return NULL;
}

/* How many messages of a type a dump has, before the NLMSG_DONE that ends it. */
static int dump(struct vproc *p, const struct request *r, int type)
{
	static struct answer a;
	int fd = route_socket(p), n = 0;

	talk(p, fd, r, &a);
	for (;;) {
		int left = (int)a.len;

		assert_true(a.len > 0);
		for (struct nlmsghdr *h = &a.h; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			assert_int_equal(h->nlmsg_seq, 77);
			if (h->nlmsg_type == NLMSG_DONE) {
				vcall(p, SYS_close, fd);
				return n;
			}
			assert_int_equal(h->nlmsg_type, type);
			assert_true(h->nlmsg_flags & NLM_F_MULTI);
			n++;
		}
		a.len = vcall(p, SYS_recvfrom, fd, a.bytes, sizeof(a.bytes), 0, NULL, NULL);
	}
}

static void links(struct vproc *p)
{
	static struct answer a;
	struct request r;
	struct ifinfomsg *ifi = begin(&r, RTM_GETLINK, 0, sizeof(*ifi));
	int fd = route_socket(p);

	ifi->ifi_index = 1;
	talk(p, fd, &r, &a);
	assert_int_equal(a.h.nlmsg_type, RTM_NEWLINK);
	ifi = NLMSG_DATA(&a.h);
	assert_int_equal(ifi->ifi_index, 1);
	assert_int_equal(ifi->ifi_flags & (IFF_UP | IFF_LOOPBACK), IFF_UP | IFF_LOOPBACK);
	assert_string_equal(RTA_DATA(find(&a.h, sizeof(*ifi), IFLA_IFNAME)), "lo");
	assert_int_equal(*(u32 *)RTA_DATA(find(&a.h, sizeof(*ifi), IFLA_MTU)), 65536);
	/* Nobody asked for an acknowledgement: nothing follows. */
	assert_int_equal(vcall(p, SYS_recvfrom, fd, a.bytes, 64, 0, NULL, NULL), -EAGAIN);
	ifi = begin(&r, RTM_GETLINK, 0, sizeof(*ifi));
	ifi->ifi_index = 4711;
	assert_int_equal(ack(p, &r), -ENODEV);
	ifi = begin(&r, RTM_GETLINK, 0, sizeof(*ifi));
	attr(&r, IFLA_IFNAME, "nosuch0", 8);
	assert_int_equal(ack(p, &r), -ENODEV);
	ifi = begin(&r, RTM_GETLINK, NLM_F_DUMP, sizeof(*ifi));
	assert_true(dump(p, &r, RTM_NEWLINK) >= 1);
}

static void addr_request(struct request *r, int type, int flags, u32 addr, int plen, int ifindex)
{
	struct ifaddrmsg *m = begin(r, type, flags | NLM_F_ACK, sizeof(*m));
	be32 a = htonl(addr);

	m->ifa_family = AF_INET;
	m->ifa_prefixlen = (u8)plen;
	m->ifa_index = (u32)ifindex;
	attr(r, IFA_LOCAL, &a, sizeof(a));
}

static int addresses_now(struct vproc *p)
{
	struct request r;
	struct ifaddrmsg *m = begin(&r, RTM_GETADDR, NLM_F_DUMP, sizeof(*m));

	m->ifa_family = AF_INET;
	return dump(p, &r, RTM_NEWADDR);
}

static void addresses(struct vproc *p)
{
	struct request r;

	assert_int_equal(addresses_now(p), 1);
	addr_request(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, 0x0a000001, 24, 1);
	assert_int_equal(ack(p, &r), 0);
	assert_int_equal(addresses_now(p), 2);
	assert_int_equal(ack(p, &r), -EEXIST);
	addr_request(&r, RTM_NEWADDR, NLM_F_CREATE, 0x0a000002, 33, 1);
	assert_int_equal(ack(p, &r), -EINVAL);
	addr_request(&r, RTM_NEWADDR, NLM_F_CREATE, 0x0a000002, 24, 4711);
	assert_int_equal(ack(p, &r), -ENODEV);
	addr_request(&r, RTM_DELADDR, 0, 0x0a000002, 24, 1);
	assert_int_equal(ack(p, &r), -EADDRNOTAVAIL);
	addr_request(&r, RTM_DELADDR, 0, 0x0a000001, 24, 1);
	assert_int_equal(ack(p, &r), 0);
	assert_int_equal(addresses_now(p), 1);
}

static void route_request(struct request *r, int type, int flags, u32 dst, int plen)
{
	struct rtmsg *m = begin(r, type, flags | NLM_F_ACK, sizeof(*m));
	be32 d = htonl(dst);
	int oif = 1;

	m->rtm_family = AF_INET;
	m->rtm_dst_len = (u8)plen;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_BOOT;
	m->rtm_scope = RT_SCOPE_LINK;
	m->rtm_type = RTN_UNICAST;
	attr(r, RTA_DST, &d, sizeof(d));
	attr(r, RTA_OIF, &oif, sizeof(oif));
}

/* The type of the route to an address, or -errno. */
static int route_to(struct vproc *p, u32 dst)
{
	static struct answer a;
	struct request r;
	struct rtmsg *m = begin(&r, RTM_GETROUTE, 0, sizeof(*m));
	be32 d = htonl(dst);
	int fd = route_socket(p);

	m->rtm_family = AF_INET;
	m->rtm_dst_len = 32;
	attr(&r, RTA_DST, &d, sizeof(d));
	talk(p, fd, &r, &a);
	vcall(p, SYS_close, fd);
	if (a.h.nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(&a.h))->error;
	assert_int_equal(a.h.nlmsg_type, RTM_NEWROUTE);
	m = NLMSG_DATA(&a.h);
	return m->rtm_type;
}

static void routes(struct vproc *p)
{
	struct request r;

	assert_int_equal(route_to(p, INADDR_LOOPBACK), RTN_LOCAL);
	assert_int_equal(route_to(p, 0x0a010203), -ENETUNREACH);
	route_request(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, 0x0a010000, 16);
	assert_int_equal(ack(p, &r), 0);
	assert_int_equal(route_to(p, 0x0a010203), RTN_UNICAST);
	assert_int_equal(ack(p, &r), -EEXIST);
	route_request(&r, RTM_NEWROUTE, NLM_F_CREATE, 0x0a010203, 16); /* bits beyond the prefix */
	assert_int_equal(ack(p, &r), -EINVAL);
	route_request(&r, RTM_NEWROUTE, NLM_F_CREATE, 0, 33);
	assert_int_equal(ack(p, &r), -EINVAL);
	route_request(&r, RTM_DELROUTE, 0, 0x0a020000, 16);
	assert_int_equal(ack(p, &r), -ESRCH);
	route_request(&r, RTM_DELROUTE, 0, 0x0a010000, 16);
	assert_int_equal(ack(p, &r), 0);
	assert_int_equal(route_to(p, 0x0a010203), -ENETUNREACH);
}

/* What is no request is passed over; what is none of ours is refused, in the order of rtnetlink_rcv_msg(). */
static void odd_messages(struct vproc *p)
{
	static struct answer a;
	struct request r;
	int fd = route_socket(p);

	begin(&r, 200, NLM_F_ACK, sizeof(struct ifinfomsg));
	assert_int_equal(ack(p, &r), -EOPNOTSUPP);
	begin(&r, NLMSG_NOOP, NLM_F_ACK, sizeof(struct ifinfomsg));
	assert_int_equal(ack(p, &r), 0);
	begin(&r, RTM_GETADDR, NLM_F_ACK, 0);
	assert_int_equal(ack(p, &r), 0);
	begin(&r, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	r.h.nlmsg_flags = 0;
	talk(p, fd, &r, &a);
	assert_int_equal(a.len, -EAGAIN);
	begin(&r, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	r.h.nlmsg_len = 4; /* shorter than its header */
	assert_int_equal(vcall(p, SYS_sendto, fd, r.bytes, 32, 0, NULL, 0), 32);
	assert_int_equal(vcall(p, SYS_recvfrom, fd, a.bytes, 64, 0, NULL, NULL), -EAGAIN);
	/* Two in one buffer are two requests. */
	begin(&r, 200, NLM_F_ACK, 16);
	memcpy(r.bytes + 32, r.bytes, 32);
	assert_int_equal(vcall(p, SYS_sendto, fd, r.bytes, 64, 0, NULL, 0), 64);
	assert_true(vcall(p, SYS_recvfrom, fd, a.bytes, sizeof(a.bytes), 0, NULL, NULL) > 0);
	assert_true(vcall(p, SYS_recvfrom, fd, a.bytes, sizeof(a.bytes), 0, NULL, NULL) > 0);
	assert_int_equal(vcall(p, SYS_recvfrom, fd, a.bytes, 64, 0, NULL, NULL), -EAGAIN);
}

/* Everybody may read. */
static void unprivileged(struct vproc *p)
{
	struct request r;

	assert_int_equal(vcall(p, SYS_setresuid, 1000, 1000, 1000), 0);
	assert_int_equal(addresses_now(p), 1);
	assert_int_equal(route_to(p, INADDR_LOOPBACK), RTN_LOCAL);
	addr_request(&r, RTM_NEWADDR, NLM_F_CREATE, 0x0a000001, 24, 1);
	assert_int_equal(ack(p, &r), -EPERM);
	route_request(&r, RTM_NEWROUTE, NLM_F_CREATE, 0x0a010000, 16);
	assert_int_equal(ack(p, &r), -EPERM);
	begin(&r, RTM_DELLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	assert_int_equal(ack(p, &r), -EPERM);
}

#define TEST(fn)                                                                                   \
	static void test_##fn(void **state)                                                        \
	{                                                                                          \
		vrun(fn);                                                                          \
	}
TEST(links)
TEST(addresses)
TEST(routes)
TEST(odd_messages)
TEST(unprivileged)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),	     cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_routes),	     cmocka_unit_test(test_odd_messages),
		cmocka_unit_test(test_unprivileged), /* the last: on Linux it is one process */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
