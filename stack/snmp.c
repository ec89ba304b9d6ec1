/* SPDX-License-Identifier: MIT */
/*
 * Names of the SNMP counters, and their report at the end of a run.
 *
 * /proc/net/snmp and /proc/net/netstat print a counter under its group ("Icmp: InMsgs");
 * /proc/net/snmp6 prints the group as part of the name ("Icmp6InMsgs"). Both spellings are kept.
 */
#include "stack/snmp.h"

#include <string.h>

#include "sim/engine/trace.h"
#include "stack/net.h"

struct mib_desc {
	const char *group;
	const char *name;
};

#define MIB_DESC_IP(n) {"Ip", #n},
#define MIB_DESC_IP6(n) {"Ip6", #n},
#define MIB_DESC_IPEXT(n) {"IpExt", #n},
#define MIB_DESC_ICMP(n) {"Icmp", #n},
#define MIB_DESC_ICMP6(n) {"Icmp6", #n},
#define MIB_DESC_TCP(n) {"Tcp", #n},
#define MIB_DESC_UDP(n) {"Udp", #n},
#define MIB_DESC_UDP6(n) {"Udp6", #n},
#define MIB_DESC_TCPEXT(n) {"TcpExt", #n},

static const struct mib_desc mib_descs[] = {
    IP_MIBS(MIB_DESC_IP) IP6_MIBS(MIB_DESC_IP6) IPEXT_MIBS(MIB_DESC_IPEXT) ICMP_MIBS(MIB_DESC_ICMP)
	ICMP6_MIBS(MIB_DESC_ICMP6) TCP_MIBS(MIB_DESC_TCP) UDP_MIBS(MIB_DESC_UDP)
	    UDP6_MIBS(MIB_DESC_UDP6) TCPEXT_MIBS(MIB_DESC_TCPEXT)};
_Static_assert(ARRAY_SIZE(mib_descs) == MIB_MAX, "one row for each counter");

/* Groups whose enumerators carry the group's name only to be unique in C. */
static const char *const prefixed_groups[] = {"Icmp", "Tcp", "Udp"};

const char *mib_group(enum mib m)
{
	return mib_descs[m].group;
}

const char *mib_name(enum mib m)
{
	const struct mib_desc *d = &mib_descs[m];

	for (size_t i = 0; i < ARRAY_SIZE(prefixed_groups); i++) {
		size_t len = strlen(prefixed_groups[i]);

		if (strcmp(d->group, prefixed_groups[i]) == 0 &&
		    strncmp(d->name, d->group, len) == 0)
			return d->name + len;
	}
	return d->name;
}

static const char *mib_scope(enum mib m)
{
	const char *group = mib_group(m);
	size_t len = strlen(group);

	if (group[len - 1] == '6')
		return "snmp6";
	return len > 3 && strcmp(group + len - 3, "Ext") == 0 ? "netstat" : "snmp";
}

void net_report_counters(struct net *net)
{
	for (enum mib m = 0; m < MIB_MAX; m++) {
		if (net->mib.v[m])
			trace_counter(net->sim->trace, net->host->id, mib_scope(m), mib_group(m),
				      mib_name(m), net->mib.v[m]);
	}
	if (net->mib.tcp_curr_estab)
		trace_counter(net->sim->trace, net->host->id, "snmp", "Tcp", "CurrEstab",
			      net->mib.tcp_curr_estab);
}
