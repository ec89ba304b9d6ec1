/* SPDX-License-Identifier: MIT */
/*
 * Routes: longest prefix, metrics, source addresses, errors, what devices and addresses bring.
 */
#include "stack/route.h"

#include <errno.h>

#include "tests/unit/ip_fixture.h"

static int lookup(struct ip_fixture *f, const char *to, struct dst *dst)
{
	struct flow fl = {.daddr = addr(to)};

	if (ipaddr_is_v4(&fl.daddr))
		fl.saddr = ipaddr_v4(0);
	return route_output(f->net, &fl, dst);
}

static void assert_addr(const union ipaddr *a, const char *want)
{
	char buf[INET6_ADDRSTRLEN];

	assert_string_equal(ipaddr_format(buf, a), want);
}

static void assert_route(struct ip_fixture *f, const char *to, const char *nexthop, const char *src)
{
	struct dst dst;

	assert_int_equal(lookup(f, to, &dst), 0);
	assert_addr(&dst.nexthop, nexthop);
	assert_addr(&dst.saddr, src);
}

static void test_longest_prefix(void **state)
{
	struct ip_fixture *f = *state;

	assert_int_equal(add_route(f, "0.0.0.0/0", "10.0.0.254", NULL, 0), 0);
	assert_int_equal(add_route(f, "172.16.0.0/12", "10.0.0.2", NULL, 0), 0);
	assert_int_equal(add_route(f, "172.16.5.0/24", "10.0.0.3", NULL, 0), 0);
	assert_int_equal(add_route(f, "172.16.5.9/32", "10.0.0.4", NULL, 0), 0);
	assert_route(f, "172.16.5.9", "10.0.0.4", "10.0.0.1");
	assert_route(f, "172.16.5.10", "10.0.0.3", "10.0.0.1");
	assert_route(f, "172.31.255.255", "10.0.0.2", "10.0.0.1");
	assert_route(f, "172.32.0.1", "10.0.0.254", "10.0.0.1");
	assert_route(f, "10.0.0.77", "10.0.0.77", "10.0.0.1"); /* on link */
}

/* Against a naive search, with prefixes that nest. */
static void test_longest_prefix_many(void **state)
{
	struct ip_fixture *f = *state;
	struct rng r;
	u32 prefix[200];
	int plen[200], n = 0;

	rng_init(&r, 7, 0, RNG_TEST, 0);
	while (n < 200) {
		struct route_spec spec = {.dev = f->eth0, .gateway = addr("10.0.0.2")};

		plen[n] = 8 + (int)rng_below(&r, 25);
		prefix[n] = (0x20000000u | rng_below(&r, 1u << 20) << 8) &
			    (u32)(0xffffffffull << (32 - plen[n]));
		spec.dst = ipaddr_v4(htonl(prefix[n]));
		spec.plen = plen[n];
		spec.mtu = 1000 + (u32)n;
		if (route_add(f->net, &spec) == 0)
			n++;
	}
	for (int i = 0; i < 2000; i++) {
		u32 a = i % 2 ? prefix[i / 2 % n] + rng_below(&r, 300)
			      : 0x20000000u | rng_below(&r, 1u << 28);
		struct flow fl = {.saddr = ipaddr_v4(0), .daddr = ipaddr_v4(htonl(a))};
		int best = -1;
		struct dst dst;

		for (int k = 0; k < n; k++) {
			if (((a ^ prefix[k]) & (u32)(0xffffffffull << (32 - plen[k]))) == 0 &&
			    (best < 0 || plen[k] > plen[best]))
				best = k;
		}
		if (best < 0) {
			assert_int_equal(route_output(f->net, &fl, &dst), -ENETUNREACH);
		} else {
			assert_int_equal(route_output(f->net, &fl, &dst), 0);
			assert_int_equal(dst.mtu, 1000 + best);
		}
	}
}

static void test_metric(void **state)
{
	struct ip_fixture *f = *state;
	struct route_spec r = {.plen = 0, .metric = 5};

	assert_int_equal(add_route(f, "0.0.0.0/0", "10.0.0.3", NULL, 10), 0);
	assert_int_equal(add_route(f, "0.0.0.0/0", "10.0.0.2", NULL, 5), 0);
	assert_int_equal(add_route(f, "0.0.0.0/0", "10.0.0.9", NULL, 5), -EEXIST);
	assert_route(f, "8.8.8.8", "10.0.0.2", "10.0.0.1");
	r.dst = addr("0.0.0.0");
	assert_int_equal(route_del(f->net, &r), 0);
	assert_route(f, "8.8.8.8", "10.0.0.3", "10.0.0.1");
	assert_int_equal(route_del(f->net, &r), -ESRCH);
}

static void test_errors(void **state)
{
	struct ip_fixture *f = *state;
	struct route_spec r = {.dst = addr("192.0.2.0"), .plen = 24, .type = RTN_UNREACHABLE_};
	struct flow fl = {.saddr = addr("10.0.0.9"), .daddr = addr("10.0.0.2")};
	struct dst dst;

	assert_int_equal(lookup(f, "8.8.8.8", &dst), -ENETUNREACH);
	assert_int_equal(lookup(f, "2001:db8:1::1", &dst), -ENETUNREACH);
	assert_int_equal(lookup(f, "0.1.2.3", &dst), -EINVAL);
	assert_int_equal(route_add(f->net, &r), 0);
	assert_int_equal(lookup(f, "192.0.2.1", &dst), -EHOSTUNREACH);
	r.dst = addr("192.0.3.0");
	r.type = RTN_PROHIBIT_;
	assert_int_equal(route_add(f->net, &r), 0);
	assert_int_equal(lookup(f, "192.0.3.1", &dst), -EACCES);
	r.dst = addr("192.0.4.0");
	r.type = RTN_BLACKHOLE_;
	assert_int_equal(route_add(f->net, &r), 0);
	assert_int_equal(lookup(f, "192.0.4.1", &dst), -EINVAL);
	/* A source that is not ours. */
	assert_int_equal(route_output(f->net, &fl, &dst), -ENETUNREACH);
	fl.anysrc = true;
	assert_int_equal(route_output(f->net, &fl, &dst), 0);
	fl.oif = 99;
	assert_int_equal(route_output(f->net, &fl, &dst), -ENODEV);
}

static void test_gateway_must_be_on_link(void **state)
{
	struct ip_fixture *f = *state;

	assert_int_equal(add_route(f, "8.0.0.0/8", "9.9.9.9", NULL, 0), -ENETUNREACH);
	assert_int_equal(add_route(f, "8.0.0.0/8", "10.0.0.1", NULL, 0), -EINVAL);
	assert_int_equal(add_route(f, "8.0.0.1/8", "10.0.0.2", NULL, 0), -EINVAL); /* host bits */
	assert_int_equal(add_route(f, "8.0.0.0/8", NULL, NULL, 0), -ENODEV);
	assert_int_equal(add_route(f, "8.0.0.0/8", "2001:db8::2", NULL, 0), -EINVAL);
}

static void test_local_and_broadcast(void **state)
{
	struct ip_fixture *f = *state;
	struct dst dst;
	union ipaddr a;

	assert_int_equal(lookup(f, "10.0.0.1", &dst), 0);
	assert_int_equal(dst.type, RTN_LOCAL_);
	assert_int_equal(dst.dev->ifindex, 1);
	assert_int_equal(lookup(f, "127.3.2.1", &dst), 0);
	assert_addr(&dst.saddr, "127.0.0.1"); /* the preferred source of 127/8, as on Linux */
	assert_int_equal(lookup(f, "0.0.0.0", &dst), 0);
	assert_int_equal(dst.type, RTN_LOCAL_);
	assert_int_equal(lookup(f, "10.0.0.255", &dst), 0);
	assert_int_equal(dst.type, RTN_BROADCAST_);
	assert_ptr_equal(dst.dev, f->eth0);
	assert_int_equal(lookup(f, "::1", &dst), 0);
	assert_addr(&dst.saddr, "::1");
	assert_int_equal(lookup(f, "2001:db8::1", &dst), 0);
	assert_int_equal(dst.type, RTN_LOCAL_);
	a = addr("10.0.0.255");
	assert_int_equal(ip_addr_type(f->net, &a), RTN_BROADCAST_);
	a = addr("10.0.0.7");
	assert_int_equal(ip_addr_type(f->net, &a), RTN_UNICAST_);
	a = addr("127.0.0.77");
	assert_true(ip_addr_is_local(f->net, &a, NULL));
	assert_false(ip_addr_is_local(f->net, &a, f->eth0));
}

static void test_limited_broadcast_and_multicast(void **state)
{
	struct ip_fixture *f = *state;
	struct flow fl = {.saddr = ipaddr_v4(0), .daddr = addr("255.255.255.255")};
	struct dst dst;

	assert_int_equal(route_output(f->net, &fl, &dst), -ENETUNREACH);
	fl.oif = f->eth0->ifindex;
	assert_int_equal(route_output(f->net, &fl, &dst), 0);
	assert_int_equal(dst.type, RTN_BROADCAST_);
	assert_addr(&dst.saddr, "10.0.0.1");
	fl.daddr = addr("224.0.0.251");
	assert_int_equal(route_output(f->net, &fl, &dst), 0);
	assert_int_equal(dst.type, RTN_MULTICAST_);
	/* The default route serves, its gateway does not. */
	assert_int_equal(add_route(f, "0.0.0.0/0", "10.0.0.254", NULL, 0), 0);
	assert_route(f, "239.1.1.1", "239.1.1.1", "10.0.0.1");
}

static void test_ipv4_source(void **state)
{
	struct ip_fixture *f = *state;
	struct route_spec r = {.dst = addr("8.0.0.0"),
			       .plen = 8,
			       .gateway = addr("10.0.0.2"),
			       .prefsrc = addr("10.1.0.1")};

	f->eth1 = add_device(f, "eth1");
	add_addr(f, f->eth1, "10.1.0.1/24");
	add_addr(f, f->eth1, "10.2.0.1/24");
	assert_route(f, "10.2.0.5", "10.2.0.5", "10.2.0.1");
	/* In the gateway's subnet. */
	assert_int_equal(add_route(f, "9.0.0.0/8", "10.2.0.9", NULL, 0), 0);
	assert_route(f, "9.1.1.1", "10.2.0.9", "10.2.0.1");
	/* The route says which. */
	assert_int_equal(route_add(f->net, &r), 0);
	assert_route(f, "8.1.1.1", "10.0.0.2", "10.1.0.1");
	r.dst = addr("7.0.0.0");
	r.prefsrc = addr("10.1.0.77");
	assert_int_equal(route_add(f->net, &r), -EINVAL);
}

/* RFC 6724 section 5. */
static void test_ipv6_source(void **state)
{
	struct ip_fixture *f = *state;
	struct flow fl = {.daddr = addr("fe80::9"), .oif = f->eth0->ifindex};
	struct dst dst;

	add_addr(f, f->eth0, "2001:db8:ffff::1/64");
	add_addr(f, f->eth0, "fd00::1/64");
	assert_int_equal(add_route(f, "::/0", "2001:db8::ff", NULL, 0), 0);
	/* Rule 8: longest matching prefix. */
	assert_route(f, "2001:db8:ffff:1::1", "2001:db8::ff", "2001:db8:ffff::1");
	assert_route(f, "2001:db8:0:1::1", "2001:db8::ff", "2001:db8::1");
	/* Rule 6: matching label, unique-local. */
	assert_route(f, "fd00:1::1", "2001:db8::ff", "fd00::1");
	/* Rule 2: a link-local destination takes a link-local source. */
	assert_int_equal(route_output(f->net, &fl, &dst), 0);
	assert_true(ipaddr_is_linklocal(&dst.saddr));
	/* Rule 1. */
	assert_route(f, "fd00::1", "fd00::1", "fd00::1");
}

static void test_link_local_address(void **state)
{
	struct ip_fixture *f = *state;
	union ipaddr ll;

	/* fe80:: with the modified EUI-64 of 02:00:00:00:00:02, RFC 4291 appendix A. */
	assert_true(ipv6_get_lladdr(f->eth0, &ll));
	assert_addr(&ll, "fe80::ff:fe00:2");
}

static void test_device_down_and_up(void **state)
{
	struct ip_fixture *f = *state;
	struct dst dst, cached;

	assert_int_equal(add_route(f, "0.0.0.0/0", "10.0.0.254", NULL, 0), 0);
	assert_int_equal(lookup(f, "10.0.0.2", &cached), 0);
	assert_true(dst_valid(&cached, f->net));
	dev_close(f->eth0);
	assert_false(dst_valid(&cached, f->net));
	assert_int_equal(lookup(f, "10.0.0.2", &dst), -ENETUNREACH);
	/* The address is the host's all the same. */
	assert_int_equal(lookup(f, "10.0.0.1", &dst), 0);
	assert_int_equal(dst.type, RTN_LOCAL_);
	assert_int_equal(add_route(f, "7.0.0.0/8", NULL, f->eth0, 0), -ENETDOWN);
	dev_open(f->eth0);
	assert_int_equal(lookup(f, "10.0.0.2", &dst), 0);
	/* Routes of the user do not come back. */
	assert_int_equal(lookup(f, "8.8.8.8", &dst), -ENETUNREACH);
}

static void test_address_add_and_delete(void **state)
{
	struct ip_fixture *f = *state;
	union ipaddr a = addr("10.0.0.1"), b = addr("10.0.0.5"), bad;
	struct dst dst;

	assert_int_equal(ip_addr_add(f->net, f->eth0, &a, 24), -EEXIST);
	assert_int_equal(ip_addr_add(f->net, f->eth0, &b, 24), 0);
	bad = addr("224.0.0.1");
	assert_int_equal(ip_addr_add(f->net, f->eth0, &bad, 24), -EINVAL);
	assert_int_equal(ip_addr_add(f->net, f->eth0, &b, 33), -EINVAL);
	assert_true(ip_addr_is_local(f->net, &b, f->eth0));
	/* A secondary goes with its primary (promote_secondaries = 0). */
	assert_int_equal(ip_addr_del(f->net, f->eth0, &a, 24), 0);
	assert_false(ip_addr_is_local(f->net, &b, NULL));
	assert_int_equal(lookup(f, "10.0.0.2", &dst), -ENETUNREACH);
	assert_int_equal(ip_addr_del(f->net, f->eth0, &a, 24), -EADDRNOTAVAIL);
}

static void test_path_mtu(void **state)
{
	struct ip_fixture *f = *state;
	union ipaddr v4 = addr("10.0.0.2"), v6 = addr("2001:db8::2");
	struct dst dst, cached;

	assert_int_equal(lookup(f, "10.0.0.2", &cached), 0);
	assert_int_equal(cached.mtu, 1500);
	ip_update_pmtu(f->net, &v4, 1400);
	assert_false(dst_valid(&cached, f->net));
	assert_int_equal(lookup(f, "10.0.0.2", &dst), 0);
	assert_int_equal(dst.mtu, 1400);
	assert_int_equal(lookup(f, "10.0.0.3", &cached), 0);
	assert_int_equal(cached.mtu, 1500);
	ip_update_pmtu(f->net, &v4, 1450); /* never grows */
	assert_int_equal(lookup(f, "10.0.0.2", &dst), 0);
	assert_int_equal(dst.mtu, 1400);
	/* RFC 8201 section 4: not below 1280. */
	ip_update_pmtu(f->net, &v6, 600);
	assert_int_equal(lookup(f, "2001:db8::2", &cached), 0);
	assert_int_equal(cached.mtu, 1280);
	/* mtu_expires, 600 s. */
	run_until(f, 599 * NSEC_PER_SEC);
	assert_true(dst_valid(&dst, f->net) || dst.genid != f->net->genid);
	assert_int_equal(lookup(f, "10.0.0.2", &dst), 0);
	assert_int_equal(dst.mtu, 1400);
	run_until(f, 600 * NSEC_PER_SEC);
	assert_false(dst_valid(&dst, f->net));
	assert_int_equal(lookup(f, "10.0.0.2", &dst), 0);
	assert_int_equal(dst.mtu, 1500);
}

/* Below min_pmtu Linux stops setting DF (rt_mtu_locked). */
static void test_path_mtu_floor(void **state)
{
	struct ip_fixture *f = *state;
	union ipaddr v4 = addr("10.0.0.2");
	struct dst dst;

	ip_update_pmtu(f->net, &v4, 68);
	assert_int_equal(lookup(f, "10.0.0.2", &dst), 0);
	assert_int_equal(dst.mtu, 552);
	assert_true(dst.pmtu_locked);
}

static void test_route_metrics(void **state)
{
	struct ip_fixture *f = *state;
	struct route_spec r = {.dst = addr("8.0.0.0"),
			       .plen = 8,
			       .gateway = addr("10.0.0.2"),
			       .mtu = 1300,
			       .initcwnd = 20,
			       .initrwnd = 30,
			       .advmss = 1000,
			       .mtu_lock = true};
	union ipaddr to = addr("8.1.1.1");
	struct dst dst;

	assert_int_equal(route_add(f->net, &r), 0);
	ip_update_pmtu(f->net, &to, 600);
	assert_int_equal(lookup(f, "8.1.1.1", &dst), 0);
	assert_int_equal(dst.mtu, 1300);
	assert_int_equal(dst.initcwnd, 20);
	assert_int_equal(dst.initrwnd, 30);
	assert_int_equal(dst.advmss, 1000);
	assert_int_equal(lookup(f, "127.0.0.1", &dst), 0);
	assert_int_equal(dst.mtu, 65535); /* IP_MAX_MTU: loopback's 65536 does not fit into IPv4 */
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, ip_setup, ip_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_longest_prefix),
	    T(test_longest_prefix_many),
	    T(test_metric),
	    T(test_errors),
	    T(test_gateway_must_be_on_link),
	    T(test_local_and_broadcast),
	    T(test_limited_broadcast_and_multicast),
	    T(test_ipv4_source),
	    T(test_ipv6_source),
	    T(test_link_local_address),
	    T(test_device_down_and_up),
	    T(test_address_add_and_delete),
	    T(test_path_mtu),
	    T(test_path_mtu_floor),
	    T(test_route_metrics),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
