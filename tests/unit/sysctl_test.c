/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys/net by name: defaults of Linux 6.18, ranges, vectors; and the names of the counters.
 */
#include "tests/unit/ip_fixture.h"

static void assert_value(struct ip_fixture *f, const char *name, const char *want)
{
	char buf[64];

	assert_int_equal(net_sysctl_read(f->net, name, buf, sizeof(buf)), 0);
	assert_string_equal(buf, want);
}

/* As a new network namespace of Linux 6.18 prints them. */
static void test_defaults(void **state)
{
	static const char *const rows[][2] = {
	    {"net.core.somaxconn", "4096"},
	    {"net.core.rmem_default", "212992"},
	    {"net.core.rmem_max", "4194304"},
	    {"net.ipv4.ip_default_ttl", "64"},
	    {"net.ipv4.ip_forward", "0"},
	    {"net.ipv4.ip_local_port_range", "32768\t60999"},
	    {"net.ipv4.ip_unprivileged_port_start", "1024"},
	    {"net.ipv4.route.mtu_expires", "600"},
	    {"net.ipv4.route.min_pmtu", "552"},
	    {"net.ipv4.icmp_ratelimit", "1000"},
	    {"net.ipv4.icmp_ratemask", "6168"},
	    {"net.ipv4.ipfrag_time", "30"},
	    {"net.ipv6.ip6frag_time", "60"},
	    {"net.ipv4.tcp_rmem", "4096\t131072\t33554432"},
	    {"net.ipv4.tcp_fin_timeout", "60"},
	    {"net.ipv4.tcp_keepalive_time", "7200"},
	    {"net.ipv4.tcp_rto_min_us", "200000"},
	    {"net.ipv4.tcp_rto_max_ms", "120000"},
	    {"net.ipv4.tcp_notsent_lowat", "4294967295"},
	    {"net.ipv4.tcp_invalid_ratelimit", "500"},
	    {"net.ipv6.icmp.ratelimit", "100"},
	    {"net.ipv4.neigh.default.base_reachable_time_ms", "30000"},
	    {"net.unix.max_dgram_qlen", "10"},
	};
	struct ip_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_value(f, rows[i][0], rows[i][1]);
}

static void test_ranges(void **state)
{
	static const struct {
		const char *name, *value;
		int err;
	} rows[] = {
	    {"net.ipv4.ip_default_ttl", "0", -EINVAL},
	    {"net.ipv4.ip_default_ttl", "256", -EINVAL},
	    {"net.ipv4.ip_default_ttl", "255", 0},
	    {"net.ipv4.ip_default_ttl", "", -EINVAL},
	    {"net.ipv4.ip_default_ttl", "64x", -EINVAL},
	    {"net.ipv4.ip_default_ttl", "64 64", -EINVAL},
	    {"net.ipv4.ip_default_ttl", " 33\n", 0},
	    {"net.ipv4.ip_default_ttl", "99999999999999999999", -EINVAL},
	    {"net.ipv4.tcp_sack", "2", -EINVAL},
	    {"net.ipv4.tcp_sack", "0", 0},
	    {"net.ipv4.tcp_syncookies", "3", -EINVAL},
	    {"net.core.rmem_max", "2303", -EINVAL},
	    {"net.ipv4.ip_local_port_range", "5000 4000", -EINVAL},
	    {"net.ipv4.ip_local_port_range", "1000 4000", -EINVAL}, /* privileged */
	    {"net.ipv4.ip_local_port_range", "4000 5000", 0},
	    {"net.ipv4.ip_unprivileged_port_start", "4001", -EINVAL},
	    {"net.ipv4.ip_unprivileged_port_start", "80", 0},
	    {"net.ipv4.tcp_wmem", "8192", 0}, /* the others stay */
	    {"net.ipv6.conf.all.accept_dad", "1", -EINVAL},
	    {"net.ipv4.no_such_thing", "1", -ENOENT},
	    {"", "1", -ENOENT},
	};
	struct ip_fixture *f = *state;
	char buf[8];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(net_sysctl_write(f->net, rows[i].name, rows[i].value),
				 rows[i].err);
	assert_value(f, "net.ipv4.ip_default_ttl", "33");
	assert_value(f, "net.ipv4.tcp_sack", "0");
	assert_value(f, "net.ipv4.ip_local_port_range", "4000\t5000");
	assert_value(f, "net.ipv4.tcp_wmem", "8192\t16384\t4194304");
	assert_int_equal(net_sysctl_read(f->net, "net.ipv4.no_such_thing", buf, 8), -ENOENT);
	assert_int_equal(net_sysctl_read(f->net, "net.core.rmem_max", buf, 7), -EINVAL);
}

static void test_units(void **state)
{
	struct ip_fixture *f = *state;

	assert_int_equal(net_sysctl_write(f->net, "net.ipv4.tcp_rto_min_us", "5000"), 0);
	assert_int_equal(f->net->sysctl.tcp_rto_min, 5 * NSEC_PER_MSEC);
	assert_int_equal(net_sysctl_write(f->net, "net.ipv4.ipfrag_time", "7"), 0);
	assert_int_equal(f->net->sysctl.ipfrag_time, 7 * NSEC_PER_SEC);
	assert_int_equal(net_sysctl_write(f->net, "net.core.netdev_budget", "77"), 0);
	assert_int_equal(f->h->netdev_budget, 77);
}

static void test_congestion_control(void **state)
{
	struct ip_fixture *f = *state;

	assert_int_equal(net_sysctl_write(f->net, "net.ipv4.tcp_congestion_control", "reno"), 0);
	assert_value(f, "net.ipv4.tcp_congestion_control", "reno");
	assert_int_equal(net_sysctl_write(f->net, "net.ipv4.tcp_congestion_control", "none"),
			 -ENOENT);
	assert_value(f, "net.ipv4.tcp_congestion_control", "reno");
}

static void test_disable_ipv6(void **state)
{
	struct ip_fixture *f = *state;
	union ipaddr a = addr("2001:db8::1"), ll;

	assert_true(ip_addr_is_local(f->net, &a, NULL));
	assert_int_equal(net_sysctl_write(f->net, "net.ipv6.conf.all.disable_ipv6", "1"), 0);
	assert_false(ip_addr_is_local(f->net, &a, NULL));
	assert_false(ipv6_get_lladdr(f->eth0, &ll));
	assert_int_equal(ip_addr_add(f->net, f->eth0, &a, 64), -EACCES);
	assert_int_equal(net_sysctl_write(f->net, "net.ipv6.conf.all.disable_ipv6", "0"), 0);
	assert_true(ipv6_get_lladdr(f->eth0, &ll));
	assert_int_equal(ip_addr_add(f->net, f->eth0, &a, 64), 0);
}

/* No counter stands twice in a group, and each has its group's spelling. */
static void test_counter_names(void **state)
{
	static const struct {
		enum mib m;
		const char *group, *name;
	} rows[] = {{MIB_InReceives, "Ip", "InReceives"},
		    {MIB_Ip6InReceives, "Ip6", "Ip6InReceives"},
		    {MIB_InCsumErrors, "IpExt", "InCsumErrors"},
		    {MIB_IcmpInMsgs, "Icmp", "InMsgs"},
		    {MIB_Icmp6InMsgs, "Icmp6", "Icmp6InMsgs"},
		    {MIB_TcpInCsumErrors, "Tcp", "InCsumErrors"},
		    {MIB_UdpInErrors, "Udp", "InErrors"},
		    {MIB_Udp6InErrors, "Udp6", "Udp6InErrors"},
		    {MIB_TCPTimeouts, "TcpExt", "TCPTimeouts"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(mib_group(rows[i].m), rows[i].group);
		assert_string_equal(mib_name(rows[i].m), rows[i].name);
	}
	for (enum mib a = 0; a < MIB_MAX; a++) {
		for (enum mib b = a + 1; b < MIB_MAX; b++)
			assert_false(strcmp(mib_group(a), mib_group(b)) == 0 &&
				     strcmp(mib_name(a), mib_name(b)) == 0);
	}
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, ip_setup, ip_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_defaults),		T(test_ranges),	      T(test_units),
	    T(test_congestion_control), T(test_disable_ipv6), T(test_counter_names),
	};

	return cmocka_run_group_tests_name("sysctl", tests, NULL, NULL);
}
