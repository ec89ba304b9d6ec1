/* SPDX-License-Identifier: MIT */
/*
 * Multicast groups of a device, and what a host tells routers about them: IGMPv3 (RFC 3376) and
 * MLDv2 (RFC 3810), without source lists (every membership is "exclude nothing").
 *
 *   multicast.c  the list of groups, timers of reports
 *   igmp.c	  IPv4: messages
 *   mld.c	  IPv6: messages
 *
 * A change is reported at once and again igmp_qrv - 1 times within a second; a query is answered
 * after a random part of the time that it allows. Solicited-node groups are not reported, unlike in
 * Linux: no switch here snoops, and every host of a scenario would begin with a burst of reports.
 */
#ifndef STACK_MULTICAST_H
#define STACK_MULTICAST_H

#include "sim/host/timer.h"
#include "stack/ip.h"

/* Record types of both protocols, RFC 3376 section 4.2.12. */
enum mc_record { MC_IS_EXCLUDE = 2, MC_TO_INCLUDE = 3, MC_TO_EXCLUDE = 4 };

struct ip_mc_group {
	struct list_head node; /* in_device.mc_list, in order of joining */
	struct net *net;
	struct net_device *dev;
	union ipaddr group;
	u32 users; /* 0: left, kept for the repetitions of the report */
	u8 repeat; /* reports of the change that are still to be sent */
	struct timer timer;
};

/* True when packets for the group are taken on dev: joined, or one of the all-hosts groups. */
bool ip_mc_joined(const struct net_device *dev, const union ipaddr *group);
/* For the filter of a NIC: is mac the address of such a group? */
bool ip_mc_wanted(const struct net_device *dev, const u8 mac[ETH_ALEN]);
void ip_mc_free_device(struct net_device *dev);
/* A query for one group (NULL: all of that family) on dev, to be answered within max_delay. */
void ip_mc_query(struct net_device *dev, bool v4, const union ipaddr *group, nsec_t max_delay);

/* The Ethernet address of a group (RFC 1112 section 6.4, RFC 2464 section 7). */
void ip_mc_mac(const union ipaddr *group, u8 mac[ETH_ALEN]);

/* Handlers. Take skb, data at the IGMP or ICMPv6 header. */
void igmp_rcv(struct net *net, struct sk_buff *skb);
void mld_rcv(struct net *net, struct sk_buff *skb);
void igmp_send_report(struct ip_mc_group *g, enum mc_record type);
void mld_send_report(struct ip_mc_group *g, enum mc_record type);

#endif
