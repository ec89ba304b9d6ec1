/* SPDX-License-Identifier: MIT */
/*
 * The network stack of a host as a whole: set-up, defaults and tear-down.
 *
 * Defaults are those of Linux 6.18 (Documentation/networking/ip-sysctl.rst and the values that a
 * new network namespace shows); where Linux computes one from the machine's memory the value here
 * is fixed, because a simulated host has no memory size.
 */
#include "stack/net.h"

#include <errno.h>
#include <limits.h>
#include <netinet/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "stack/af_unix.h"
#include "stack/fib.h"
#include "stack/fragment.h"
#include "stack/icmp.h"
#include "stack/in_device.h"
#include "stack/inet.h"
#include "stack/ip.h"
#include "stack/neighbour.h"
#include "stack/pmtu.h"
#include "stack/sock.h"
#include "stack/stack_world.h"

static const struct net_sysctl net_sysctl_defaults = {
    .somaxconn = 4096,
    .rmem_default = 212992,
    .rmem_max = 4 << 20,
    .wmem_default = 212992,
    .wmem_max = 4 << 20,
    .optmem_max = 131072,
    .message_cost = 5 * NSEC_PER_SEC,
    .message_burst = 10,
    .ip_default_ttl = 64,
    .ip_local_port_range = {32768, 60999},
    .ping_group_range = {0, INT32_MAX},
    .ip_unprivileged_port_start = 1024,
    .mtu_expires = 600 * NSEC_PER_SEC,
    .min_pmtu = 552,
    .icmp_ratelimit = 1000,
    .icmp_ratemask = 6168,
    .icmp_echo_ignore_broadcasts = true,
    .icmp_msgs_per_sec = 1000,
    .icmp_msgs_burst = 50,
    .ipfrag_high_thresh = 4 << 20,
    .ipfrag_time = 30 * NSEC_PER_SEC,
    .ip6frag_time = 60 * NSEC_PER_SEC,
    .accept_redirects = true,
    .icmpv6_ratelimit = 100,
    .base_reachable_time = 30 * NSEC_PER_SEC,
    .retrans_time = NSEC_PER_SEC,
    .delay_first_probe_time = 5 * NSEC_PER_SEC,
    .ucast_solicit = 3,
    .mcast_solicit = 3,
    .unres_qlen_bytes = 212992,
    .neigh_gc_thresh2 = 512,
    .neigh_gc_thresh3 = 1024,
    .igmp_qrv = 2,
    .igmp_max_memberships = 20,
    .tcp_rmem = {4096, 131072, 32 << 20},
    .tcp_wmem = {4096, 16384, 4 << 20},
    .tcp_congestion_control = "cubic",
    .tcp_syn_retries = 6,
    .tcp_synack_retries = 5,
    .tcp_syncookies = 1,
    .tcp_max_syn_backlog = 4096,
    .tcp_retries1 = 3,
    .tcp_retries2 = 15,
    .tcp_max_orphans = 65536,
    .tcp_fin_timeout = 60 * NSEC_PER_SEC,
    .tcp_tw_reuse = 2,
    .tcp_max_tw_buckets = 65536,
    .tcp_keepalive_time = 7200 * NSEC_PER_SEC,
    .tcp_keepalive_intvl = 75 * NSEC_PER_SEC,
    .tcp_keepalive_probes = 9,
    .tcp_timestamps = true,
    .tcp_sack = true,
    .tcp_window_scaling = true,
    .tcp_ecn = 2,
    .tcp_slow_start_after_idle = true,
    .tcp_moderate_rcvbuf = true,
    .tcp_autocorking = true,
    .tcp_reordering = 3,
    .tcp_challenge_ack_limit = INT_MAX,
    .tcp_invalid_ratelimit = 500 * NSEC_PER_MSEC,
    .tcp_limit_output_bytes = 4 << 20,
    .tcp_min_snd_mss = 48,
    .tcp_min_tso_segs = 2,
    .tcp_tso_win_divisor = 3,
    .tcp_notsent_lowat = -1,
    .tcp_rto_min = 200 * NSEC_PER_MSEC,
    .tcp_rto_max = 120 * NSEC_PER_SEC,
    .unix_max_dgram_qlen = 10,
    .ipv6_hop_limit = 64,
};

struct pool *stack_pool(struct stack_world *sw, const char *name, size_t size)
{
	for (int i = 0; i < sw->npools; i++) {
		if (sw->pools[i].name == name && sw->pools[i].size == size)
			return &sw->pools[i];
	}
	assert(sw->npools < STACK_MAX_POOLS);
	pool_init(&sw->pools[sw->npools], name, size);
	return &sw->pools[sw->npools++];
}

static void stack_world_destroy(struct world_object *o)
{
	struct stack_world *sw = container_of(o, struct stack_world, obj);

	inet_hash_free(sw->inet);
	free(sw->neigh_hash);
	free(sw->etc_hosts);
	for (int i = 0; i < sw->npools; i++)
		pool_destroy(&sw->pools[i]);
	free(sw);
}

void stack_world_init(struct world *w)
{
	struct stack_world *sw;

	if (w->stack)
		return;
	if (!w->skb)
		skb_world_init(w);
	sw = xcalloc(1, sizeof(*sw));
	sw->world = w;
	sw->inet = inet_hash_new();
	sw->obj.destroy = stack_world_destroy;
	w->stack = sw;
	world_own_late(w, &sw->obj);
}

/*
 * Sockets that a program, a timer or a queue still holds when the host goes. Whoever holds a
 * reference goes in the same tear-down, so the count does not matter any more.
 */
static void net_free_socks(struct net *net)
{
	while (!list_empty(&net->socks)) {
		struct sock *sk = list_first_entry(&net->socks, struct sock, net_node);

		sk->refs = 1;
		sock_put(sk);
		assert(list_empty(&net->socks) ||
		       list_first_entry(&net->socks, struct sock, net_node) != sk);
	}
}

/*
 * Packets first, since they may be charged to sockets; then sockets, which may hold memberships and
 * routes; then the tables.
 */
static void net_destroy(struct host *h)
{
	struct net *net = h->net;
	struct net_device *dev;

	net->dying = true;
	list_for_each_entry(dev, &h->netdevs->devices, node) {
		if (dev->flags & IFF_UP)
			dev_close(dev);
	}
	neigh_table_free(net);
	frag_table_free(net);
	unix_net_free(net);
	net_free_socks(net);
	list_for_each_entry(dev, &h->netdevs->devices, node)
		in_device_free(dev);
	pmtu_table_free(net);
	icmp_peers_free(net);
	fib_free(net);
	free(net->port_perturb);
	h->net = NULL;
	free(net);
}

static void net_init_streams(struct net *net)
{
	struct rng secret;
	u64 seed = net->sim->seed;
	u32 id = net->host->id;

	rng_init(&net->rng_isn, seed, id, RNG_TCP_ISN, 0);
	rng_init(&net->rng_port, seed, id, RNG_EPHEMERAL_PORT, 0);
	rng_init(&net->rng_ipid, seed, id, RNG_IP_ID, 0);
	rng_init(&net->rng_misc, seed, id, RNG_TCP_MISC, 0);
	rng_init(&net->rng_neigh, seed, id, RNG_NEIGH, 0);
	rng_init(&net->rng_icmp, seed, id, RNG_ICMP, 0);
	rng_init(&net->rng_bpf, seed, id, RNG_BPF, 0);
	rng_init(&secret, seed, id, RNG_HASH_SECRET, 0);
	net->hash_secret[0] = rng_u64(&secret);
	net->hash_secret[1] = rng_u64(&secret);
	net->ip_idents = rng_u32(&net->rng_ipid);
}

int net_nameserver_add(struct net *net, const union ipaddr *a)
{
	if (net->nnameserver == (int)ARRAY_SIZE(net->nameserver))
		return -ENOSPC;
	net->nameserver[net->nnameserver++] = *a;
	return 0;
}

struct net *net_host_init(struct host *h)
{
	struct net *net = xcalloc(1, sizeof(*net));
	union ipaddr lo4 = ipaddr_v4(htonl(INADDR_LOOPBACK));
	union ipaddr lo6 = ipaddr_v6(&in6addr_loopback);
	struct net_device *lo;

	stack_world_init(h->world);
	netdev_host_init(h);
	net->host = h;
	net->sim = h->sim;
	net->sysctl = net_sysctl_defaults;
	net->genid = 1;
	net->icmp_tokens = (u32)net->sysctl.icmp_msgs_burst;
	list_init(&net->socks);
	list_init(&net->packet_fanouts);
	list_init(&net->raw_socks);
	net_init_streams(net);
	h->net = net;
	net->layer.destroy = net_destroy;
	host_add_layer(h, &net->layer);
	ip_host_init(net);
	lo = dev_loopback(h);
	dev_open(lo);
	ip_addr_add(net, lo, &lo4, 8);
	ip_addr_add(net, lo, &lo6, 128);
	return net;
}
