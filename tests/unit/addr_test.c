/* SPDX-License-Identifier: MIT */
/*
 * Addresses: text (RFC 4291 2.2, RFC 5952), classes, prefixes, sockaddr.
 */
#include "stack/addr.h"

#include <errno.h>

#include "tests/unit/unit.h"

static union ipaddr addr(const char *s)
{
	union ipaddr a;

	assert_int_equal(ipaddr_parse(s, &a), 0);
	return a;
}

static void test_text(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} cases[] = {
	    {"10.0.0.1", "10.0.0.1"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"fe80::1", "fe80::1"},
	    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
	    {"::", "::"},
	    {"::ffff:1.2.3.4", "1.2.3.4"}, /* mapped means IPv4 */
	    {"10.0.0", NULL},
	    {"10.0.0.256", NULL},
	    {"010.0.0.1", NULL},
	    {"host", NULL},
	    {"", NULL},
	    {"fe80::1%eth0", NULL},
	    {"1::2::3", NULL},
	};
	char buf[INET6_ADDRSTRLEN];
	union ipaddr a;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int err = ipaddr_parse(cases[i].in, &a);

		assert_int_equal(err, cases[i].out ? 0 : -EINVAL);
		if (!err)
			assert_string_equal(ipaddr_format(buf, &a), cases[i].out);
	}
}

static void test_text_with_port(void **state)
{
	union ipaddr v4 = addr("10.0.0.1"), v6 = addr("fe80::1");
	char buf[64];

	assert_string_equal(ipaddr_format_port(buf, &v4, 80), "10.0.0.1:80");
	assert_string_equal(ipaddr_format_port(buf, &v6, 65535), "[fe80::1]:65535");
}

static void test_prefix_text(void **state)
{
	static const struct {
		const char *in;
		int plen; /* -1: refused */
	} cases[] = {{"10.0.0.1/24", 24}, {"10.0.0.1/32", 32},	{"0.0.0.0/0", 0},
		     {"fe80::1/64", 64},  {"::1/128", 128},	{"10.0.0.1/33", -1},
		     {"::1/129", -1},	  {"10.0.0.1", -1},	{"10.0.0.1/", -1},
		     {"10.0.0.1/-1", -1}, {"10.0.0.1/24x", -1}, {"/24", -1}};
	union ipaddr a;
	int plen;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int err = ipaddr_parse_prefix(cases[i].in, &a, &plen);

		assert_int_equal(err, cases[i].plen < 0 ? -EINVAL : 0);
		if (!err)
			assert_int_equal(plen, cases[i].plen);
	}
}

#define ANY 1
#define MCAST 2
#define LOOP 4
#define LINK 8
#define BCAST 16

static void test_classes(void **state)
{
	static const struct {
		const char *a;
		int is;
	} cases[] = {{"0.0.0.0", ANY},	   {"::", ANY},
		     {"224.0.0.1", MCAST}, {"239.1.2.3", MCAST},
		     {"240.0.0.1", 0},	   {"ff02::1", MCAST},
		     {"127.0.0.1", LOOP},  {"127.9.9.9", LOOP},
		     {"::1", LOOP},	   {"169.254.1.1", LINK},
		     {"fe80::1", LINK},	   {"febf::1", LINK},
		     {"fec0::1", 0},	   {"255.255.255.255", BCAST},
		     {"10.0.0.255", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union ipaddr a = addr(cases[i].a);

		assert_int_equal(ipaddr_is_any(&a), cases[i].is == ANY);
		assert_int_equal(ipaddr_is_multicast(&a), cases[i].is == MCAST);
		assert_int_equal(ipaddr_is_loopback(&a), cases[i].is == LOOP);
		assert_int_equal(ipaddr_is_linklocal(&a), cases[i].is == LINK);
		assert_int_equal(ipaddr_is_limited_broadcast(&a), cases[i].is == BCAST);
	}
}

static void test_prefix_equal(void **state)
{
	static const struct {
		const char *a, *b;
		int plen;
		bool equal;
	} cases[] = {
	    {"10.0.0.1", "10.0.0.2", 24, true},	      {"10.0.0.1", "10.0.1.1", 24, false},
	    {"10.0.0.1", "10.0.1.1", 23, true},	      {"10.0.0.1", "11.0.0.1", 0, true},
	    {"10.0.0.1", "10.0.0.1", 32, true},	      {"10.0.0.1", "10.0.0.0", 32, false},
	    {"2001:db8::1", "2001:db8::2", 64, true}, {"::", "0.0.0.0", 0, false},
	    {"2001:db8::", "2001:db9::", 31, true},   {"2001:db8::", "2001:db9::", 32, false}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union ipaddr a = addr(cases[i].a), b = addr(cases[i].b);

		assert_int_equal(ipaddr_prefix_equal(&a, &b, cases[i].plen), cases[i].equal);
	}
}

static void test_sockaddr(void **state)
{
	union ipaddr v4 = addr("10.0.0.1"), ll = addr("fe80::1"), a;
	struct sockaddr_storage ss;
	struct sockaddr *sa = (void *)&ss;
	u16 port;
	u32 scope;

	assert_int_equal(ipaddr_to_sockaddr(&v4, 80, 0, AF_INET, &ss), sizeof(struct sockaddr_in));
	assert_int_equal(ipaddr_from_sockaddr(sa, sizeof(struct sockaddr_in), &a, &port, &scope),
			 0);
	assert_true(ipaddr_equal(&a, &v4));
	assert_int_equal(port, 80);
	assert_int_equal(ipaddr_from_sockaddr(sa, 15, &a, &port, &scope), -EINVAL);

	/* An IPv6 socket sees an IPv4 peer as a mapped address, ipv6(7). */
	assert_int_equal(ipaddr_to_sockaddr(&v4, 80, 7, AF_INET6, &ss),
			 sizeof(struct sockaddr_in6));
	assert_true(IN6_IS_ADDR_V4MAPPED(&((struct sockaddr_in6 *)sa)->sin6_addr));
	assert_int_equal(((struct sockaddr_in6 *)sa)->sin6_scope_id, 0);

	ipaddr_to_sockaddr(&ll, 80, 7, AF_INET6, &ss);
	assert_int_equal(ipaddr_from_sockaddr(sa, sizeof(struct sockaddr_in6), &a, &port, &scope),
			 0);
	assert_int_equal(scope, 7);
	assert_int_equal(ipaddr_from_sockaddr(sa, 24, &a, &port, &scope),
			 0); /* RFC 2133's length */
	assert_int_equal(ipaddr_from_sockaddr(sa, 23, &a, &port, &scope), -EINVAL);
	sa->sa_family = AF_UNIX;
	assert_int_equal(ipaddr_from_sockaddr(sa, sizeof(ss), &a, &port, &scope), -EAFNOSUPPORT);
	assert_int_equal(ipaddr_from_sockaddr(sa, 1, &a, &port, &scope), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),	 cmocka_unit_test(test_text_with_port),
	    cmocka_unit_test(test_prefix_text),	 cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_prefix_equal), cmocka_unit_test(test_sockaddr),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
