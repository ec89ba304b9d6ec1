/* SPDX-License-Identifier: MIT */
/*
 * The Toeplitz hash against the vectors of Microsoft's "Verifying the RSS hash calculation".
 */
#include "nic/rss.h"

#include <arpa/inet.h>
#include <string.h>

#include "tests/unit/unit.h"

static const struct vector {
	const char *src, *dst;
	u16 sport, dport;
	u32 addresses, with_ports;
} vectors[] = {
    {"66.9.149.187", "161.142.100.80", 2794, 1766, 0x323e8fc2, 0x51ccc178},
    {"199.92.111.2", "65.69.140.83", 14230, 4739, 0xd718262a, 0xc626b0ea},
    {"24.19.198.95", "12.22.207.184", 12898, 38024, 0xd2d0a5de, 0x5c2b394a},
    {"38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xafc7327f},
    {"153.39.163.191", "202.188.127.2", 44251, 1303, 0x5d1809c5, 0x10e828a2},
    {"3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x2cc18cd5, 0x40207d3d},
    {"3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0x0f0c461c, 0xdde51bbf},
    {"3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024, 0x4b61e985,
     0x02d1feef},
};

static void tuple(const struct vector *v, struct rss_tuple *t, u8 proto)
{
	int family = strchr(v->src, ':') ? AF_INET6 : AF_INET;
	u32 n = family == AF_INET ? 4 : 16;

	memset(t, 0, sizeof(*t));
	t->family = family == AF_INET ? 4 : 6;
	t->proto = proto;
	t->addr_len = (u8)(2 * n);
	t->ports = true;
	assert_int_equal(inet_pton(family, v->src, t->bytes), 1);
	assert_int_equal(inet_pton(family, v->dst, t->bytes + n), 1);
	put_be16(t->bytes + 2 * n, v->sport);
	put_be16(t->bytes + 2 * n + 2, v->dport);
}

static void microsoft_vectors(void **state)
{
	struct nic_params p;
	struct rss_tuple t;
	bool l4;

	nic_params_default(&p);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		tuple(&vectors[i], &t, IPPROTO_TCP);
		assert_int_equal(toeplitz_hash(p.rss_key, t.bytes, t.addr_len),
				 vectors[i].addresses);
		assert_int_equal(toeplitz_hash(p.rss_key, t.bytes, t.addr_len + 4u),
				 vectors[i].with_ports);
		assert_int_equal(rss_hash(p.rss_key, &t, false, &l4), vectors[i].with_ports);
		assert_true(l4);
	}
}

/* ethtool -N rx-flow-hash udp4 sd or sdfn; and what has no ports. */
static void ports_of_udp_are_optional(void **state)
{
	struct nic_params p;
	struct rss_tuple t;
	bool l4;

	nic_params_default(&p);
	tuple(&vectors[0], &t, IPPROTO_UDP);
	assert_int_equal(rss_hash(p.rss_key, &t, true, &l4), vectors[0].with_ports);
	assert_true(l4);
	assert_int_equal(rss_hash(p.rss_key, &t, false, &l4), vectors[0].addresses);
	assert_false(l4);
	t.ports = false;
	assert_int_equal(rss_hash(p.rss_key, &t, true, &l4), vectors[0].addresses);
	assert_false(l4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(microsoft_vectors),
	    cmocka_unit_test(ports_of_udp_are_optional),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
