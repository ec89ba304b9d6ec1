/* SPDX-License-Identifier: MIT */
/*
 * The network layer as the transports see it: addresses, routes, sending, receiving, errors.
 *
 * Both families behind one set of functions: the family follows from the addresses (addr.h).
 */
#ifndef STACK_IP_H
#define STACK_IP_H

#include "nic/skb.h"
#include "stack/addr.h"
#include "stack/net.h"

struct neighbour;
struct icmp_error;

/* What a route is asked for. */
struct flow {
	union ipaddr saddr; /* any: to be chosen */
	union ipaddr daddr;
	int oif;	    /* 0: any; SO_BINDTODEVICE, scope id */
	int iif;	    /* where it came in; 0: it is our own */
	u8 proto;
	u8 tos;
	u32 mark;
	u16 sport, dport;
	u32 uid;
	bool dontroute;	    /* SO_DONTROUTE */
	bool anysrc;	    /* FLOWI_FLAG_ANYSRC: saddr need not be ours */
};

enum rtn_type { RTN_UNSPEC_ = 0, RTN_UNICAST_, RTN_LOCAL_, RTN_BROADCAST_, RTN_MULTICAST_, RTN_BLACKHOLE_, RTN_UNREACHABLE_, RTN_PROHIBIT_,
		RTN_THROW_, /* go on with the next rule */
		RTN_UNREACHABLE_NET_ /* a rule's refusal: ENETUNREACH */ };

/*
 * The result of a route lookup, held by value in sockets. Valid while genid equals net->genid; look up
 * again otherwise (dst_valid()).
 */
struct dst {
	struct net_device *dev;
	union ipaddr nexthop; /* gateway, or the destination when on link */
	union ipaddr saddr;   /* the source chosen */
	struct neighbour *neigh; /* cached; NULL until first used; valid with genid */
	u32 mtu;	      /* of the path: device, route and PMTU exceptions */
	u32 genid;
	nsec_t expires;	      /* of a learned path MTU; NSEC_NEVER: none */
	u32 rtt_hint, initcwnd, initrwnd, advmss; /* route metrics, 0: none */
	u8 type;	      /* enum rtn_type */
	u8 plen;	      /* of the route, in bits of its family */
	bool pmtu_locked;     /* mtu lock */
	u32 table;	      /* where it was found; 0: in none */
};

static inline bool dst_valid(const struct dst *d, const struct net *net)
{
	return d->dev && d->genid == net->genid && net->sim->now < d->expires;
}

/* 0, -ENETUNREACH, -EHOSTUNREACH, -EINVAL, -EACCES (broadcast and prohibit are the caller's to check). */
int route_output(struct net *net, const struct flow *fl, struct dst *dst);
/*
 * The same for a socket that connects: rules may ask for the source, so with the one that was chosen the
 * route is looked up again (ip_route_connect(); IPv4 only, as in Linux).
 */
int route_connect(struct net *net, const struct flow *fl, struct dst *dst);
/* Type of a destination as input: local, broadcast, multicast, unicast (forward), or 0: no route. */
enum rtn_type route_input_type(struct net *net, const struct net_device *in, const struct flow *fl);
/* True when the address is configured on the host (any device, or dev when not NULL). */
bool ip_addr_is_local(struct net *net, const union ipaddr *a, const struct net_device *dev);
/* inet_addr_type(): local, broadcast, multicast or unicast. */
enum rtn_type ip_addr_type(struct net *net, const union ipaddr *a);

/* Configuration, as ip(8) does it. 0 or negative errno. plen in the address's own family. */
int ip_addr_add(struct net *net, struct net_device *dev, const union ipaddr *a, int plen);
int ip_addr_del(struct net *net, struct net_device *dev, const union ipaddr *a, int plen);
/* Removes all addresses of dev, which goes. */
void in_device_flush(struct net *net, struct net_device *dev);
struct route_spec {
	union ipaddr dst;
	int plen;
	union ipaddr gateway; /* any of that family: on link */
	struct net_device *dev; /* may be NULL with a gateway */
	union ipaddr prefsrc; /* any: choose */
	u32 metric;
	u8 type;	      /* enum rtn_type, default unicast */
	u32 table;	      /* 0: main */
	u32 mtu, initcwnd, initrwnd, advmss, rtt;
	bool mtu_lock;
};
int route_add(struct net *net, const struct route_spec *r);
int route_del(struct net *net, const struct route_spec *r);
/* A static neighbour entry (NUD_PERMANENT). */
int neigh_add(struct net *net, struct net_device *dev, const union ipaddr *a, const u8 mac[ETH_ALEN]);
/* For `replay --until`, /proc/net and tests: calls fn for each, in a stable order. */
void route_for_each(struct net *net, void (*fn)(void *ctx, const struct route_spec *r), void *ctx);
struct in_ifaddr {
	union ipaddr addr;
	int plen;
	struct net_device *dev;
	bool secondary; /* IPv4: a later address of a subnet that the device is in already */
};
void ifaddr_for_each(struct net *net, void (*fn)(void *ctx, const struct in_ifaddr *ifa), void *ctx);

/* How a transport wants its packet sent. */
struct ip_tx {
	union ipaddr saddr, daddr;
	u8 proto;
	u8 tos;	     /* with ECN bits */
	u8 ttl;	     /* 0: default for unicast or multicast */
	bool df;     /* IPv4: set DF; packets that do not fit fail with -EMSGSIZE */
	bool local_df; /* may be fragmented here although DF or IPv6 */
	u32 flowlabel;
	u32 priority, mark;
	const u8 *opts; /* IPv4 options, multiple of 4 */
	u8 optlen;
	bool no_mc_loop; /* IP_MULTICAST_LOOP off: no copy for the sending host's own members */
};

/*
 * Sends a transport segment: skb->data at the transport header, protocol and addresses from tx. Adds
 * the IP header, fragments what does not fit, resolves the neighbour, hands to dev_queue_xmit().
 * gso skbs stay whole as far as the device allows. Takes skb. 0 or negative errno.
 */
int ip_output(struct net *net, struct sk_buff *skb, struct dst *dst, const struct ip_tx *tx);

/* A transport protocol as the network layer sees it. One static table in protocol.c. */
struct net_protocol {
	u8 proto;
	/* skb->data at the transport header; network_header and addresses valid. Takes skb. */
	void (*handler)(struct net *net, struct sk_buff *skb);
	/*
	 * An ICMP error for a packet of ours. inner points at the transport header of the quoted packet,
	 * at least 8 bytes. type and code are those of the family that sent it; info is the next-hop MTU
	 * of "too big"; err and harder: the errno and whether it is fatal (as icmp_err_convert).
	 */
	void (*err_handler)(struct net *net, const struct icmp_error *e);
};

struct icmp_error {
	bool v6;
	u8 type, code;
	u32 info;	   /* MTU, or parameter pointer */
	int err;	   /* positive errno */
	bool fatal;
	union ipaddr saddr, daddr; /* of the quoted packet: saddr is ours */
	union ipaddr offender;
	const u8 *inner;   /* quoted transport header */
	u32 inner_len;
	const struct sk_buff *skb; /* the ICMP message, for error queues */
	int iif;
};

/* What a receiver may ask of a packet (skb->cb is overwritten by the transport afterwards). */
struct ip_rx {
	union ipaddr saddr, daddr;
	u8 proto, tos, ttl;
	int iif;
	u32 flowlabel;
	u8 optlen;
	bool broadcast, multicast;
	bool peeked; /* an empty datagram: MSG_PEEK with SO_PEEK_OFF passes over it */
};
#define IP_RX(skb) ((struct ip_rx *)(void *)(skb)->cb)

/* ICMP error in answer to skb (its network_header valid), rate limited, RFC 1122 3.2.2 / RFC 4443 2.4. */
void icmp_send_unreach(struct net *net, struct sk_buff *skb, u8 code, u32 mtu); /* v4 codes, mapped for v6 */
void icmp_send_time_exceeded(struct net *net, struct sk_buff *skb, u8 code);
void icmp_send_param_problem(struct net *net, struct sk_buff *skb, u8 code, u32 pointer);

/* Records a smaller path MTU towards daddr; what sockets do after "fragmentation needed". */
void ip_update_pmtu(struct net *net, const union ipaddr *daddr, u32 mtu);
/* Confirms reachability of the neighbour (a TCP ACK of new data came). */
void dst_confirm(struct dst *dst);

/* Pseudo-header sum for TCP, UDP, ICMPv6. */
u32 ip_pseudo_sum(const union ipaddr *saddr, const union ipaddr *daddr, u8 proto, u32 len);
/* Verifies a transport checksum of a received skb (data at the transport header); true: right. */
bool ip_transport_csum_ok(struct sk_buff *skb, const union ipaddr *s, const union ipaddr *d, u8 proto);

/* Multicast membership of a device (IGMPv2 / MLDv1 reports are sent). */
int ip_mc_join(struct net *net, struct net_device *dev, const union ipaddr *group);
int ip_mc_leave(struct net *net, struct net_device *dev, const union ipaddr *group);

/* Registers IP, ARP handlers on the host, called by net_host_init(). */
void ip_host_init(struct net *net);

#endif
