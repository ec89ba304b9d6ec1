/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys/net by name: one row for each setting (Documentation/networking/ip-sysctl.rst,
 * Documentation/admin-guide/sysctl/net.rst).
 *
 * A value is checked as the kernel's proc handlers do: numbers only, within the row's range, else
 * EINVAL and nothing changes. A name that is not in the table does not exist here (ENOENT), even
 * where Linux has it: what would be ignored is refused. Settings of all devices go by their
 * conf.all and conf.default names; they are one setting.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic/netdev.h"
#include "nic/qdisc.h"
#include "stack/fib.h"
#include "stack/in_device.h"
#include "stack/tcp.h"

enum sysctl_type {
	SYSCTL_INT,
	SYSCTL_U32,
	SYSCTL_BOOL,
	SYSCTL_NSEC,
	SYSCTL_STR,
	SYSCTL_CA_LIST, /* names of congestion control algorithms; read-only */
};
/* Which struct the offset is in. */
enum sysctl_base { BASE_NET, BASE_CORE, BASE_HOST };

struct sysctl_row {
	const char *name;
	enum sysctl_type type;
	enum sysctl_base base;
	size_t offset;
	int count; /* numbers in a vector; of a string: its size */
	s64 min, max;
	nsec_t unit;				     /* of SYSCTL_NSEC: what 1 means */
	int (*check)(struct net *net, const s64 *v); /* beyond the range; NULL: none */
	void (*changed)(struct net *net);	     /* NULL: nothing depends on it */
};

static int check_port_range(struct net *net, const s64 *v)
{
	return v[1] < v[0] || v[0] < net->sysctl.ip_unprivileged_port_start ? -EINVAL : 0;
}

static int check_unprivileged(struct net *net, const s64 *v)
{
	return net->sysctl.ip_local_port_range[0] < v[0] ? -EINVAL : 0;
}

#define OFF(field) offsetof(struct net_sysctl, field)
#define INT(n, f, lo, hi)                                                                          \
	{                                                                                          \
		.name = n, .type = SYSCTL_INT, .offset = OFF(f), .count = 1, .min = lo, .max = hi  \
	}
#define U32(n, f, lo, hi)                                                                          \
	{                                                                                          \
		.name = n, .type = SYSCTL_U32, .offset = OFF(f), .count = 1, .min = lo, .max = hi  \
	}
#define BOOL(n, f)                                                                                 \
	{                                                                                          \
		.name = n, .type = SYSCTL_BOOL, .offset = OFF(f), .count = 1, .min = 0, .max = 1   \
	}
#define NSEC(n, f, u, lo, hi)                                                                      \
	{                                                                                          \
		.name = n, .type = SYSCTL_NSEC, .offset = OFF(f), .count = 1, .min = lo,           \
		.max = hi, .unit = u                                                               \
	}
#define VEC(n, f, lo)                                                                              \
	{                                                                                          \
		.name = n, .type = SYSCTL_U32, .offset = OFF(f), .count = 3, .min = lo,            \
		.max = INT_MAX                                                                     \
	}
#define CORE(n, f, lo, hi)                                                                         \
	{                                                                                          \
		.name = n, .type = SYSCTL_INT, .base = BASE_CORE,                                  \
		.offset = offsetof(struct net_core_sysctl, f), .count = 1, .min = lo, .max = hi    \
	}

static const struct sysctl_row rows[] = {
    INT("net.core.somaxconn", somaxconn, 0, INT_MAX),
    U32("net.core.rmem_default", rmem_default, 2304, INT_MAX),
    U32("net.core.rmem_max", rmem_max, 2304, INT_MAX),
    U32("net.core.wmem_default", wmem_default, 4608, INT_MAX),
    U32("net.core.wmem_max", wmem_max, 4608, INT_MAX),
    U32("net.core.optmem_max", optmem_max, 0, INT_MAX),
    NSEC("net.core.message_cost", message_cost, NSEC_PER_SEC, INT_MIN, INT_MAX),
    INT("net.core.message_burst", message_burst, INT_MIN, INT_MAX),
    CORE("net.core.netdev_max_backlog", netdev_max_backlog, INT_MIN, INT_MAX),
    CORE("net.core.dev_weight", dev_weight, 1, INT_MAX),
    CORE("net.core.gro_normal_batch", gro_normal_batch, 1, INT_MAX),
    CORE("net.core.rps_sock_flow_entries", rps_sock_flow_entries, 0, 1 << 29),
    {.name = "net.core.default_qdisc",
     .type = SYSCTL_STR,
     .base = BASE_CORE,
     .offset = offsetof(struct net_core_sysctl, default_qdisc),
     .count = sizeof(((struct net_core_sysctl *)0)->default_qdisc)},
    {.name = "net.core.netdev_budget",
     .type = SYSCTL_INT,
     .base = BASE_HOST,
     .offset = offsetof(struct host, netdev_budget),
     .count = 1,
     .min = 0,
     .max = INT_MAX},
    {.name = "net.core.netdev_budget_usecs",
     .type = SYSCTL_NSEC,
     .base = BASE_HOST,
     .offset = offsetof(struct host, netdev_budget_time),
     .count = 1,
     .min = 0,
     .max = INT_MAX,
     .unit = NSEC_PER_USEC},

    INT("net.ipv4.ip_default_ttl", ip_default_ttl, 1, 255),
    {.name = "net.ipv4.ip_forward",
     .type = SYSCTL_BOOL,
     .offset = OFF(ip_forward),
     .count = 1,
     .max = 1,
     .changed = rt_genid_bump},
    {.name = "net.ipv4.conf.all.forwarding",
     .type = SYSCTL_BOOL,
     .offset = OFF(ip_forward),
     .count = 1,
     .max = 1,
     .changed = rt_genid_bump},
    BOOL("net.ipv4.ip_nonlocal_bind", ip_nonlocal_bind),
    {.name = "net.ipv4.ip_local_port_range",
     .type = SYSCTL_INT,
     .offset = OFF(ip_local_port_range),
     .count = 2,
     .min = 1,
     .max = 65535,
     .check = check_port_range},
    {.name = "net.ipv4.ping_group_range",
     .type = SYSCTL_INT,
     .offset = OFF(ping_group_range),
     .count = 2,
     .min = 0,
     .max = INT_MAX},
    {.name = "net.ipv4.ip_unprivileged_port_start",
     .type = SYSCTL_INT,
     .offset = OFF(ip_unprivileged_port_start),
     .count = 1,
     .min = 0,
     .max = 65535,
     .check = check_unprivileged},
    BOOL("net.ipv4.ip_no_pmtu_disc", ip_no_pmtu_disc),
    NSEC("net.ipv4.route.mtu_expires", mtu_expires, NSEC_PER_SEC, 0, INT_MAX),
    U32("net.ipv4.route.min_pmtu", min_pmtu, 68, INT_MAX),
    INT("net.ipv4.icmp_ratelimit", icmp_ratelimit, 0, INT_MAX),
    INT("net.ipv4.icmp_ratemask", icmp_ratemask, INT_MIN, INT_MAX),
    BOOL("net.ipv4.icmp_echo_ignore_all", icmp_echo_ignore_all),
    BOOL("net.ipv4.icmp_echo_ignore_broadcasts", icmp_echo_ignore_broadcasts),
    INT("net.ipv4.icmp_msgs_per_sec", icmp_msgs_per_sec, 0, INT_MAX),
    INT("net.ipv4.icmp_msgs_burst", icmp_msgs_burst, 0, INT_MAX),
    U32("net.ipv4.ipfrag_high_thresh", ipfrag_high_thresh, 0, UINT_MAX),
    NSEC("net.ipv4.ipfrag_time", ipfrag_time, NSEC_PER_SEC, 0, INT_MAX),
    INT("net.ipv4.igmp_qrv", igmp_qrv, 1, 255),
    INT("net.ipv4.igmp_max_memberships", igmp_max_memberships, 0, INT_MAX),
    INT("net.ipv4.conf.all.rp_filter", rp_filter, 0, 2),
    INT("net.ipv4.conf.default.rp_filter", rp_filter, 0, 2),
    BOOL("net.ipv4.conf.all.accept_local", accept_local),
    BOOL("net.ipv4.conf.all.route_localnet", route_localnet),
    BOOL("net.ipv4.conf.all.accept_redirects", accept_redirects),
    BOOL("net.ipv4.conf.default.accept_redirects", accept_redirects),
    BOOL("net.ipv6.conf.all.accept_redirects", accept_redirects),
    BOOL("net.ipv6.conf.default.accept_redirects", accept_redirects),

#define NEIGH_ROWS(family)                                                                         \
	NSEC("net." family ".neigh.default.base_reachable_time", base_reachable_time,              \
	     NSEC_PER_SEC, 0, INT_MAX / 1000000),                                                  \
	    NSEC("net." family ".neigh.default.base_reachable_time_ms", base_reachable_time,       \
		 NSEC_PER_MSEC, 0, INT_MAX / 1000),                                                \
	    NSEC("net." family ".neigh.default.retrans_time_ms", retrans_time, NSEC_PER_MSEC, 0,   \
		 INT_MAX),                                                                         \
	    NSEC("net." family ".neigh.default.delay_first_probe_time", delay_first_probe_time,    \
		 NSEC_PER_SEC, 0, INT_MAX),                                                        \
	    INT("net." family ".neigh.default.ucast_solicit", ucast_solicit, 0, 100),              \
	    INT("net." family ".neigh.default.mcast_solicit", mcast_solicit, 0, 100),              \
	    U32("net." family ".neigh.default.unres_qlen_bytes", unres_qlen_bytes, 0, INT_MAX),    \
	    INT("net." family ".neigh.default.gc_thresh2", neigh_gc_thresh2, 0, INT_MAX),          \
	    INT("net." family ".neigh.default.gc_thresh3", neigh_gc_thresh3, 0, INT_MAX)
    NEIGH_ROWS("ipv4"),
    NEIGH_ROWS("ipv6"),
#undef NEIGH_ROWS

    VEC("net.ipv4.tcp_rmem", tcp_rmem, 1),
    VEC("net.ipv4.tcp_wmem", tcp_wmem, 1),
    {.name = "net.ipv4.tcp_congestion_control",
     .type = SYSCTL_STR,
     .offset = OFF(tcp_congestion_control),
     .count = sizeof(((struct net_sysctl *)0)->tcp_congestion_control)},
    {.name = "net.ipv4.tcp_available_congestion_control", .type = SYSCTL_CA_LIST},
    {.name = "net.ipv4.tcp_allowed_congestion_control", .type = SYSCTL_CA_LIST},
    INT("net.ipv4.tcp_syn_retries", tcp_syn_retries, 1, 127),
    INT("net.ipv4.tcp_synack_retries", tcp_synack_retries, 0, 255),
    INT("net.ipv4.tcp_syncookies", tcp_syncookies, 0, 2),
    INT("net.ipv4.tcp_max_syn_backlog", tcp_max_syn_backlog, 0, INT_MAX),
    BOOL("net.ipv4.tcp_abort_on_overflow", tcp_abort_on_overflow),
    INT("net.ipv4.tcp_retries1", tcp_retries1, 0, 255),
    INT("net.ipv4.tcp_retries2", tcp_retries2, 0, 255),
    INT("net.ipv4.tcp_orphan_retries", tcp_orphan_retries, 0, 255),
    INT("net.ipv4.tcp_max_orphans", tcp_max_orphans, 0, INT_MAX),
    NSEC("net.ipv4.tcp_fin_timeout", tcp_fin_timeout, NSEC_PER_SEC, 0, INT_MAX / 1000),
    INT("net.ipv4.tcp_tw_reuse", tcp_tw_reuse, 0, 2),
    INT("net.ipv4.tcp_max_tw_buckets", tcp_max_tw_buckets, 0, INT_MAX),
    NSEC("net.ipv4.tcp_keepalive_time", tcp_keepalive_time, NSEC_PER_SEC, 0, INT_MAX / 1000),
    NSEC("net.ipv4.tcp_keepalive_intvl", tcp_keepalive_intvl, NSEC_PER_SEC, 0, INT_MAX / 1000),
    INT("net.ipv4.tcp_keepalive_probes", tcp_keepalive_probes, 0, 255),
    BOOL("net.ipv4.tcp_timestamps", tcp_timestamps),
    BOOL("net.ipv4.tcp_sack", tcp_sack),
    BOOL("net.ipv4.tcp_window_scaling", tcp_window_scaling),
    INT("net.ipv4.tcp_ecn", tcp_ecn, 0, 2),
    BOOL("net.ipv4.tcp_slow_start_after_idle", tcp_slow_start_after_idle),
    BOOL("net.ipv4.tcp_moderate_rcvbuf", tcp_moderate_rcvbuf),
    BOOL("net.ipv4.tcp_autocorking", tcp_autocorking),
    INT("net.ipv4.tcp_reordering", tcp_reordering, 1, INT_MAX),
    INT("net.ipv4.tcp_challenge_ack_limit", tcp_challenge_ack_limit, 0, INT_MAX),
    NSEC("net.ipv4.tcp_invalid_ratelimit", tcp_invalid_ratelimit, NSEC_PER_MSEC, 0, INT_MAX),
    INT("net.ipv4.tcp_limit_output_bytes", tcp_limit_output_bytes, 0, INT_MAX),
    INT("net.ipv4.tcp_min_snd_mss", tcp_min_snd_mss, 48, 65535),
    INT("net.ipv4.tcp_min_tso_segs", tcp_min_tso_segs, 1, 255),
    INT("net.ipv4.tcp_tso_win_divisor", tcp_tso_win_divisor, 0, 255),
    BOOL("net.ipv4.tcp_rfc1337", tcp_rfc1337),
    BOOL("net.ipv4.tcp_stdurg", tcp_stdurg),
    U32("net.ipv4.tcp_notsent_lowat", tcp_notsent_lowat, 0, UINT_MAX),
    BOOL("net.ipv4.tcp_migrate_req", tcp_migrate_req),
    NSEC("net.ipv4.tcp_rto_min_us", tcp_rto_min, NSEC_PER_USEC, 1, INT_MAX),
    NSEC("net.ipv4.tcp_rto_max_ms", tcp_rto_max, NSEC_PER_MSEC, 1000, 120000),
    INT("net.unix.max_dgram_qlen", unix_max_dgram_qlen, 0, INT_MAX),

    INT("net.ipv6.conf.all.hop_limit", ipv6_hop_limit, 1, 255),
    INT("net.ipv6.conf.default.hop_limit", ipv6_hop_limit, 1, 255),
    BOOL("net.ipv6.bindv6only", ipv6_bindv6only),
    {.name = "net.ipv6.conf.all.forwarding",
     .type = SYSCTL_BOOL,
     .offset = OFF(ipv6_forwarding),
     .count = 1,
     .max = 1,
     .changed = rt_genid_bump},
    {.name = "net.ipv6.conf.all.disable_ipv6",
     .type = SYSCTL_BOOL,
     .offset = OFF(ipv6_disable),
     .count = 1,
     .max = 1,
     .changed = ipv6_disable_changed},
    /* Duplicate address detection cannot be switched on. */
    {.name = "net.ipv6.conf.all.accept_dad",
     .type = SYSCTL_BOOL,
     .offset = OFF(ipv6_accept_dad),
     .count = 1},
    INT("net.ipv6.icmp.ratelimit", icmpv6_ratelimit, 0, INT_MAX),
    BOOL("net.ipv6.icmp.echo_ignore_all", icmpv6_echo_ignore_all),
    NSEC("net.ipv6.ip6frag_time", ip6frag_time, NSEC_PER_SEC, 0, INT_MAX),
};

static const struct sysctl_row *sysctl_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

static char *sysctl_field(struct net *net, const struct sysctl_row *r)
{
	switch (r->base) {
	case BASE_NET:
		break;
	case BASE_CORE:
		return (char *)net_core_sysctl(net->host) + r->offset;
	case BASE_HOST:
		return (char *)net->host + r->offset;
	}
	return (char *)&net->sysctl + r->offset;
}

static s64 field_get(const struct sysctl_row *r, const char *field, int i)
{
	switch (r->type) {
	case SYSCTL_INT:
		return ((const int *)(const void *)field)[i];
	case SYSCTL_U32:
		return ((const u32 *)(const void *)field)[i];
	case SYSCTL_BOOL:
		return *(const bool *)(const void *)field;
	case SYSCTL_NSEC:
		return *(const nsec_t *)(const void *)field / r->unit;
	case SYSCTL_STR:
	case SYSCTL_CA_LIST:
		break;
	}
	return 0;
}

static void field_set(const struct sysctl_row *r, char *field, int i, s64 v)
{
	switch (r->type) {
	case SYSCTL_INT:
		((int *)(void *)field)[i] = (int)v;
		break;
	case SYSCTL_U32:
		((u32 *)(void *)field)[i] = (u32)v;
		break;
	case SYSCTL_BOOL:
		*(bool *)(void *)field = v;
		break;
	case SYSCTL_NSEC:
		*(nsec_t *)(void *)field = v * r->unit;
		break;
	case SYSCTL_STR:
	case SYSCTL_CA_LIST:
		break;
	}
}

/* Decimal numbers and blanks only. The number of values, or -EINVAL. */
static int parse_numbers(const char *s, s64 *v, int max)
{
	int n = 0;

	for (;;) {
		char *end;

		while (isspace((unsigned char)*s))
			s++;
		if (!*s)
			return n;
		if (n == max || !(isdigit((unsigned char)*s) || *s == '-'))
			return -EINVAL;
		errno = 0;
		v[n++] = strtoll(s, &end, 10);
		if (errno || end == s || (*end && !isspace((unsigned char)*end)))
			return -EINVAL;
		s = end;
	}
}

static int write_string(struct net *net, const struct sysctl_row *r, const char *value)
{
	char *field = sysctl_field(net, r);

	if (strlen(value) >= (size_t)r->count)
		return -EINVAL;
	if (r->base == BASE_NET ? !tcp_ca_find(value) : !qdisc_kind_known(value))
		return -ENOENT;
	memcpy(field, value, strlen(value) + 1);
	return 0;
}

static const char *skip_spaces(const char *s, const char *end)
{
	while (s < end && isspace((unsigned char)*s))
		s++;
	return s;
}

/*
 * The number at s, of base 8, 10 or 16: what follows it, or NULL. Kernel numbers have at most 22
 * characters and end with a space.
 */
static const char *store_number(const char *s, const char *end, s64 *v)
{
	char digits[24];
	size_t len = min((size_t)(end - s), sizeof(digits) - 1);
	bool negative = len && *s == '-';
	char *stop;
	u64 u;

	memcpy(digits, s, len);
	digits[len] = 0;
	if (!isdigit((unsigned char)digits[negative]))
		return NULL;
	errno = 0;
	u = strtoull(digits + negative, &stop, 0);
	if (errno || u > INT64_MAX)
		return NULL;
	*v = negative ? -(s64)u : (s64)u;
	s += stop - digits;
	return s == end || *s == ' ' || *s == '\t' || *s == '\n' ? s : NULL;
}

/* Reads the vector's values one after another: how many, or -EINVAL with *n before the bad one. */
static int store_values(const struct sysctl_row *r, const char **s, const char *end, s64 *v, int *n)
{
	for (*n = 0; *n < r->count; (*n)++) {
		const char *next;

		*s = skip_spaces(*s, end);
		if (*s == end)
			break;
		next = store_number(*s, end, &v[*n]);
		if (!next || v[*n] < r->min || v[*n] > r->max)
			return -EINVAL;
		*s = next;
	}
	*s = skip_spaces(*s, end);
	return *n ? 0 : -EINVAL;
}

s64 net_sysctl_store(struct net *net, const char *name, const char *text, size_t len)
{
	const struct sysctl_row *r = sysctl_find(name);
	const char *s = text;
	char word[64], *field;
	s64 v[3];
	int n, err;

	if (!r)
		return -ENOENT;
	if (r->type == SYSCTL_CA_LIST)
		return -EACCES;
	if (r->type == SYSCTL_STR) {
		snprintf(word, min(sizeof(word), (size_t)r->count), "%.*s",
			 (int)strcspn(text, "\n"), text);
		err = write_string(net, r, word);
		return err ? err : (s64)len;
	}
	field = sysctl_field(net, r);
	err = store_values(r, &s, text + len, v, &n);
	if (r->check) {
		for (int i = n; i < r->count; i++)
			v[i] = field_get(r, field, i);
		err = err ? err : r->check(net, v);
		if (err)
			return err;
	}
	/* Without a rule for the whole, what stands before a mistake has been taken already. */
	for (int i = 0; i < n; i++)
		field_set(r, field, i, v[i]);
	if (n && r->changed)
		r->changed(net);
	return err ? err : s - text;
}

const char *net_sysctl_name(size_t i, enum net_sysctl_kind *kind)
{
	if (i >= ARRAY_SIZE(rows))
		return NULL;
	*kind = rows[i].type == SYSCTL_CA_LIST ? NET_SYSCTL_READ_ONLY
		: rows[i].type == SYSCTL_STR   ? NET_SYSCTL_WORD
					       : NET_SYSCTL_NUMBERS;
	return rows[i].name;
}

int net_sysctl_write(struct net *net, const char *name, const char *value)
{
	const struct sysctl_row *r = sysctl_find(name);
	char *field;
	s64 v[3];
	int n, err;

	if (!r)
		return -ENOENT;
	if (r->type == SYSCTL_CA_LIST)
		return -EACCES;
	if (r->type == SYSCTL_STR)
		return write_string(net, r, value);
	field = sysctl_field(net, r);
	n = parse_numbers(value, v, r->count);
	if (n <= 0)
		return -EINVAL;
	for (int i = 0; i < n; i++) {
		if (v[i] < r->min || v[i] > r->max)
			return -EINVAL;
	}
	for (int i = n; i < r->count; i++)
		v[i] = field_get(r, field, i); /* a shorter vector leaves the rest as it is */
	err = r->check ? r->check(net, v) : 0;
	if (err)
		return err;
	for (int i = 0; i < r->count; i++)
		field_set(r, field, i, v[i]);
	if (r->changed)
		r->changed(net);
	return 0;
}

int net_sysctl_read(struct net *net, const char *name, char *buf, size_t len)
{
	const struct sysctl_row *r = sysctl_find(name);
	const char *field;
	size_t off = 0;

	if (!r)
		return -ENOENT;
	field = sysctl_field(net, r);
	if (r->type == SYSCTL_CA_LIST)
		return tcp_ca_list(buf, len);
	if (r->type == SYSCTL_STR)
		return snprintf(buf, len, "%s", field) >= (int)len ? -EINVAL : 0;
	for (int i = 0; i < r->count; i++) {
		int n = snprintf(buf + off, len - off, i ? "\t%lld" : "%lld",
				 (long long)field_get(r, field, i));

		if (n >= (int)(len - off))
			return -EINVAL;
		off += (size_t)n;
	}
	return 0;
}
