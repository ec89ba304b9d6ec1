/* SPDX-License-Identifier: MIT */
/*
 * Which transport protocols sit on IP: one table for both families (inet_protos and inet6_protos).
 */
#include "stack/icmp.h"
#include "stack/ip_internal.h"
#include "stack/multicast.h"
#include "stack/tcp.h"
#include "stack/udp.h"

static const struct net_protocol protocols[] = {
    {.proto = IPPROTO_TCP, .handler = tcp_v_rcv, .err_handler = tcp_v_err},
    {.proto = IPPROTO_UDP, .handler = udp_rcv, .err_handler = udp_err},
    {.proto = IPPROTO_ICMP, .handler = icmp_rcv, .err_handler = icmp_err},
    {.proto = IPPROTO_ICMPV6, .handler = icmpv6_rcv, .err_handler = icmp_err},
    {.proto = IPPROTO_IGMP, .handler = igmp_rcv},
};

const struct net_protocol *inet_protocol(u8 proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].proto == proto)
			return &protocols[i];
	}
	return NULL;
}
