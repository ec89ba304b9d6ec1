/* SPDX-License-Identifier: MIT */
/*
 * Multicast membership of sockets (ip(7): IP_ADD_MEMBERSHIP; ipv6(7): IPV6_ADD_MEMBERSHIP).
 */
#ifndef STACK_INET_MC_H
#define STACK_INET_MC_H

#include "stack/inet.h"


/*
 * Joins group on the device with that index; 0: the device with address local, or, if that is any, the
 * one that a route to the group points to. 0, -EINVAL, -ENODEV, -EADDRINUSE, -ENOBUFS.
 */
int inet_mc_join(struct inet_sock *inet, const union ipaddr *group, int ifindex,
		 const union ipaddr *local);
/* 0, or -EADDRNOTAVAIL: not a member. ifindex 0: the first membership of that group. */
int inet_mc_leave(struct inet_sock *inet, const union ipaddr *group, int ifindex,
		  const union ipaddr *local);
/* Leaves all groups; for close. */
void inet_mc_drop(struct inet_sock *inet);

#endif
