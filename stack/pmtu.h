/* SPDX-License-Identifier: MIT */
/*
 * Path MTUs that were learned from ICMP (RFC 1191, RFC 8201): exceptions to the routes, by
 * destination.
 */
#ifndef STACK_PMTU_H
#define STACK_PMTU_H

#include "stack/ip.h"

struct pmtu_entry {
	union ipaddr daddr;
	nsec_t expires;
	u32 mtu;
	bool locked;	      /* below min_pmtu: packets go without DF from now on */
	union ipaddr gateway; /* of a redirect; any: none */
};

/* The valid exception for daddr; NULL: none. */
const struct pmtu_entry *pmtu_lookup(const struct net *net, const union ipaddr *daddr);
/* A redirect (RFC 1122 3.2.2.2): packets for daddr go to gateway until it expires. */
void pmtu_redirect(struct net *net, const union ipaddr *daddr, const union ipaddr *gateway);
void pmtu_table_free(struct net *net);

#endif
