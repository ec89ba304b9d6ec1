/* SPDX-License-Identifier: MIT */
/*
 * Counters: /proc/net/{snmp,snmp6,netstat,sockstat,sockstat6} (proc_tid_net(5),
 * Documentation/networking/snmp_counter.rst). The names are Linux 6.18's and in its order; those that
 * this stack does not count stand at 0, since what they count does not happen here (UDP-Lite, TCP MD5,
 * Fast Open...).
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "stack/frag_queue.h"
#include "stack/inet.h"
#include "stack/procfs_priv.h"

static const char ip_names[] =
	"Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos "
	"InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds "
	"ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits";
static const char icmp_names[] =
	"InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs "
	"InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps "
	"OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost OutDestUnreachs OutTimeExcds "
	"OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps "
	"OutTimestampReps OutAddrMasks OutAddrMaskReps";
static const char tcp_names[] =
	"RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets "
	"CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors";
static const char udp_names[] =
	"InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors "
	"IgnoredMulti MemErrors";
static const char tcpext_names[] =
	"SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts PruneCalled RcvPruned "
	"OfoPruned OutOfWindowIcmps LockDroppedIcmps ArpFilter TW TWRecycled TWKilled PAWSActive "
	"PAWSEstab BeyondWindow TSEcrRejected PAWSOldAck PAWSTimewait DelayedACKs "
	"DelayedACKLocked DelayedACKLost ListenOverflows ListenDrops TCPHPHits TCPPureAcks "
	"TCPHPAcks TCPRenoRecovery TCPSackRecovery TCPSACKReneging TCPSACKReorder TCPRenoReorder "
	"TCPTSReorder TCPFullUndo TCPPartialUndo TCPDSACKUndo TCPLossUndo TCPLostRetransmit "
	"TCPRenoFailures TCPSackFailures TCPLossFailures TCPFastRetrans TCPSlowStartRetrans "
	"TCPTimeouts TCPLossProbes TCPLossProbeRecovery TCPRenoRecoveryFail TCPSackRecoveryFail "
	"TCPRcvCollapsed TCPBacklogCoalesce TCPDSACKOldSent TCPDSACKOfoSent TCPDSACKRecv "
	"TCPDSACKOfoRecv TCPAbortOnData TCPAbortOnClose TCPAbortOnMemory TCPAbortOnTimeout "
	"TCPAbortOnLinger TCPAbortFailed TCPMemoryPressures TCPMemoryPressuresChrono "
	"TCPSACKDiscard TCPDSACKIgnoredOld TCPDSACKIgnoredNoUndo TCPSpuriousRTOs TCPMD5NotFound "
	"TCPMD5Unexpected TCPMD5Failure TCPSackShifted TCPSackMerged TCPSackShiftFallback "
	"TCPBacklogDrop PFMemallocDrop TCPMinTTLDrop TCPDeferAcceptDrop IPReversePathFilter "
	"TCPTimeWaitOverflow TCPReqQFullDoCookies TCPReqQFullDrop TCPRetransFail TCPRcvCoalesce "
	"TCPOFOQueue TCPOFODrop TCPOFOMerge TCPChallengeACK TCPSYNChallenge TCPFastOpenActive "
	"TCPFastOpenActiveFail TCPFastOpenPassive TCPFastOpenPassiveFail "
	"TCPFastOpenListenOverflow TCPFastOpenCookieReqd TCPFastOpenBlackhole "
	"TCPSpuriousRtxHostQueues BusyPollRxPackets TCPAutoCorking TCPFromZeroWindowAdv "
	"TCPToZeroWindowAdv TCPWantZeroWindowAdv TCPSynRetrans TCPOrigDataSent "
	"TCPHystartTrainDetect TCPHystartTrainCwnd TCPHystartDelayDetect TCPHystartDelayCwnd "
	"TCPACKSkippedSynRecv TCPACKSkippedPAWS TCPACKSkippedSeq TCPACKSkippedFinWait2 "
	"TCPACKSkippedTimeWait TCPACKSkippedChallenge TCPWinProbe TCPKeepAlive TCPMTUPFail "
	"TCPMTUPSuccess TCPDelivered TCPDeliveredCE TCPAckCompressed TCPZeroWindowDrop "
	"TCPRcvQDrop TCPWqueueTooBig TCPFastOpenPassiveAltKey TcpTimeoutRehash "
	"TcpDuplicateDataRehash TCPDSACKRecvSegs TCPDSACKIgnoredDubious TCPMigrateReqSuccess "
	"TCPMigrateReqFailure TCPPLBRehash TCPAORequired TCPAOBad TCPAOKeyNotFound TCPAOGood "
	"TCPAODroppedIcmps";
static const char ipext_names[] =
	"InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts InOctets "
	"OutOctets InMcastOctets OutMcastOctets InBcastOctets OutBcastOctets InCsumErrors "
	"InNoECTPkts InECT1Pkts InECT0Pkts InCEPkts ReasmOverlaps";
static const char ip6_names[] =
	"Ip6InReceives Ip6InHdrErrors Ip6InTooBigErrors Ip6InNoRoutes Ip6InAddrErrors "
	"Ip6InUnknownProtos Ip6InTruncatedPkts Ip6InDiscards Ip6InDelivers Ip6OutForwDatagrams "
	"Ip6OutRequests Ip6OutDiscards Ip6OutNoRoutes Ip6ReasmTimeout Ip6ReasmReqds Ip6ReasmOKs "
	"Ip6ReasmFails Ip6FragOKs Ip6FragFails Ip6FragCreates Ip6InMcastPkts Ip6OutMcastPkts "
	"Ip6InOctets Ip6OutOctets Ip6InMcastOctets Ip6OutMcastOctets Ip6InBcastOctets "
	"Ip6OutBcastOctets Ip6InNoECTPkts Ip6InECT1Pkts Ip6InECT0Pkts Ip6InCEPkts "
	"Ip6OutTransmits";
static const char icmp6_names[] =
	"Icmp6InMsgs Icmp6InErrors Icmp6OutMsgs Icmp6OutErrors Icmp6InCsumErrors "
	"Icmp6OutRateLimitHost Icmp6InDestUnreachs Icmp6InPktTooBigs Icmp6InTimeExcds "
	"Icmp6InParmProblems Icmp6InEchos Icmp6InEchoReplies Icmp6InGroupMembQueries "
	"Icmp6InGroupMembResponses Icmp6InGroupMembReductions Icmp6InRouterSolicits "
	"Icmp6InRouterAdvertisements Icmp6InNeighborSolicits Icmp6InNeighborAdvertisements "
	"Icmp6InRedirects Icmp6InMLDv2Reports Icmp6OutDestUnreachs Icmp6OutPktTooBigs "
	"Icmp6OutTimeExcds Icmp6OutParmProblems Icmp6OutEchos Icmp6OutEchoReplies "
	"Icmp6OutGroupMembQueries Icmp6OutGroupMembResponses Icmp6OutGroupMembReductions "
	"Icmp6OutRouterSolicits Icmp6OutRouterAdvertisements Icmp6OutNeighborSolicits "
	"Icmp6OutNeighborAdvertisements Icmp6OutRedirects Icmp6OutMLDv2Reports";
static const char udp6_names[] =
	"Udp6InDatagrams Udp6NoPorts Udp6InErrors Udp6OutDatagrams Udp6RcvbufErrors "
	"Udp6SndbufErrors Udp6InCsumErrors Udp6IgnoredMulti Udp6MemErrors";
static const char udplite6_names[] =
	"UdpLite6InDatagrams UdpLite6NoPorts UdpLite6InErrors UdpLite6OutDatagrams "
	"UdpLite6RcvbufErrors UdpLite6SndbufErrors UdpLite6InCsumErrors UdpLite6MemErrors";

/* The counter's value; 0 when this stack has none of that name. */
static u64 counter(const struct net *net, const char *group, const char *name, size_t len)
{
	for (enum mib i = 0; i < MIB_MAX; i++) {
		/* Some of Linux's names begin with "Tcp", others with "TCP". */
		if (strncasecmp(mib_name(i), name, len) == 0 && !mib_name(i)[len] &&
		    strcmp(mib_group(i), group) == 0)
			return net->mib.v[i];
	}
	return 0;
}

static bool is_name(const char *name, size_t len, const char *what)
{
	return strlen(what) == len && memcmp(name, what, len) == 0;
}

/* What is no counter among the values of /proc/net/snmp. */
static s64 value(const struct net *net, const char *group, const char *name, size_t len)
{
	if (is_name(name, len, "Forwarding"))
		return net->sysctl.ip_forward ? 1 : 2;
	if (is_name(name, len, "DefaultTTL"))
		return net->sysctl.ip_default_ttl;
	if (is_name(name, len, "RtoAlgorithm"))
		return 1;
	if (is_name(name, len, "RtoMin"))
		return 200;
	if (is_name(name, len, "RtoMax"))
		return 120000;
	if (is_name(name, len, "MaxConn"))
		return -1;
	if (is_name(name, len, "CurrEstab"))
		return net->mib.tcp_curr_estab;
	return (s64)counter(net, group, name, len);
}

/* The length of the next word, which *s is moved to; 0: no more. */
static size_t next_name(const char **s)
{
	while (**s == ' ')
		(*s)++;
	return strcspn(*s, " ");
}

/* "Ip: name name\nIp: 1 2\n" */
static void put_group(struct seq_file *m, const char *group, const char *names)
{
	const struct net *net = m->at.host->net;
	size_t len;

	seq_printf(m, "%s: %s\n%s:", group, names, group);
	for (const char *s = names; (len = next_name(&s)); s += len)
		seq_printf(m, " %lld", (long long)value(net, group, s, len));
	seq_puts(m, "\n");
}

/* ---- messages by their type ------------------------------------------------------------------ */

struct icmp_type {
	u8 type;
	enum mib mib;
};

static const struct icmp_type icmp_in[] = {
	{ 0, MIB_IcmpInEchoReps },   { 3, MIB_IcmpInDestUnreachs }, { 4, MIB_IcmpInSrcQuenchs },
	{ 5, MIB_IcmpInRedirects },  { 8, MIB_IcmpInEchos },	    { 11, MIB_IcmpInTimeExcds },
	{ 12, MIB_IcmpInParmProbs },
};
static const struct icmp_type icmp_out[] = {
	{ 0, MIB_IcmpOutEchoReps },   { 3, MIB_IcmpOutDestUnreachs }, { 8, MIB_IcmpOutEchos },
	{ 11, MIB_IcmpOutTimeExcds }, { 12, MIB_IcmpOutParmProbs },
};
static const struct icmp_type icmp6_in[] = {
	{ 1, MIB_Icmp6InDestUnreachs },
	{ 2, MIB_Icmp6InPktTooBigs },
	{ 3, MIB_Icmp6InTimeExcds },
	{ 4, MIB_Icmp6InParmProblems },
	{ 128, MIB_Icmp6InEchos },
	{ 129, MIB_Icmp6InEchoReplies },
	{ 135, MIB_Icmp6InNeighborSolicits },
	{ 136, MIB_Icmp6InNeighborAdvertisements },
};
static const struct icmp_type icmp6_out[] = {
	{ 1, MIB_Icmp6OutDestUnreachs },
	{ 2, MIB_Icmp6OutPktTooBigs },
	{ 3, MIB_Icmp6OutTimeExcds },
	{ 4, MIB_Icmp6OutParmProblems },
	{ 128, MIB_Icmp6OutEchos },
	{ 129, MIB_Icmp6OutEchoReplies },
	{ 135, MIB_Icmp6OutNeighborSolicits },
	{ 136, MIB_Icmp6OutNeighborAdvertisements },
	{ 143, MIB_Icmp6OutMLDv2Reports },
};

/* "IcmpMsg: InType3 OutType3\nIcmpMsg: 1 2\n", of types that have been seen. */
static void put_icmp_types(struct seq_file *m)
{
	const u64 *v = m->at.host->net->mib.v;
	struct seq_file values = { 0 };

	seq_puts(&values, "");
	for (size_t i = 0; i < ARRAY_SIZE(icmp_in) + ARRAY_SIZE(icmp_out); i++) {
		bool in = i < ARRAY_SIZE(icmp_in);
		const struct icmp_type *t = in ? &icmp_in[i] : &icmp_out[i - ARRAY_SIZE(icmp_in)];

		if (!v[t->mib])
			continue;
		seq_printf(m, "%s %sType%u", values.len ? "" : "IcmpMsg:", in ? "In" : "Out",
			   t->type);
		seq_printf(&values, " %llu", (unsigned long long)v[t->mib]);
	}
	if (values.len)
		seq_printf(m, "\nIcmpMsg:%s\n", values.buf);
	free(values.buf);
}

static int snmp_show(struct seq_file *m)
{
	put_group(m, "Ip", ip_names);
	put_group(m, "Icmp", icmp_names);
	put_icmp_types(m);
	put_group(m, "Tcp", tcp_names);
	put_group(m, "Udp", udp_names);
	put_group(m, "UdpLite", udp_names);
	return 0;
}

static int netstat_show(struct seq_file *m)
{
	put_group(m, "TcpExt", tcpext_names);
	put_group(m, "IpExt", ipext_names);
	return 0;
}

static void put_column(struct seq_file *m, const char *group, const char *names)
{
	size_t len;

	for (const char *s = names; (len = next_name(&s)); s += len)
		seq_printf(m, "%-32.*s\t%llu\n", (int)len, s,
			   (unsigned long long)counter(m->at.host->net, group, s, len));
}

static void put_icmp6_types(struct seq_file *m, const char *dir, const struct icmp_type *t,
			    size_t n)
{
	const u64 *v = m->at.host->net->mib.v;

	for (size_t i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "Icmp6%sType%u", dir, t[i].type);
		if (v[t[i].mib])
			seq_printf(m, "%-32s\t%llu\n", name, (unsigned long long)v[t[i].mib]);
	}
}

static int snmp6_show(struct seq_file *m)
{
	put_column(m, "Ip6", ip6_names);
	put_column(m, "Icmp6", icmp6_names);
	put_icmp6_types(m, "In", icmp6_in, ARRAY_SIZE(icmp6_in));
	put_icmp6_types(m, "Out", icmp6_out, ARRAY_SIZE(icmp6_out));
	put_column(m, "Udp6", udp6_names);
	put_column(m, "UdpLite6", udplite6_names);
	return 0;
}

/* ---- how many sockets ------------------------------------------------------------------------ */

struct sock_counts {
	int used, tcp_alloc;
	int tcp[2], udp[2], raw[2]; /* in a table; [1]: IPv6 */
	u64 tcp_mem, udp_mem;
};

static void count_sock(struct sock_counts *c, struct sock *sk)
{
	bool v6 = sk->family == AF_INET6;
	const struct inet_sock *inet = (const struct inet_sock *)sk;

	c->used += sk->file != NULL;
	if (sk->family != AF_INET && !v6)
		return;
	if (sk->type == SOCK_RAW) {
		c->raw[v6]++;
	} else if (sk->protocol == IPPROTO_UDP) {
		c->udp[v6] += inet->num != 0;
		c->udp_mem += sk->rmem_alloc;
	} else if (sk->protocol == IPPROTO_TCP && sk->state != TCP_TIME_WAIT &&
		   sk->state != TCP_NEW_SYN_RECV) {
		c->tcp_alloc++;
		c->tcp[v6] += sk->state == TCP_LISTEN || inet->hashed;
		c->tcp_mem += sk->rmem_alloc + sk->wmem_queued;
	}
}

static struct sock_counts count_socks(const struct net *net)
{
	struct sock_counts c = { 0 };
	struct sock *sk;

	list_for_each_entry(sk, &net->socks, net_node)
		count_sock(&c, sk);
	return c;
}

static void put_frags(struct seq_file *m, const char *name, bool v6)
{
	const struct frag_table *t = m->at.host->net->frags;
	struct frag_queue *q;
	u64 mem = 0;
	int n = 0;

	if (t) {
		list_for_each_entry(q, &t->queues, node) {
			if (q->key.v6 != v6)
				continue;
			n++;
			mem += q->mem;
		}
	}
	seq_printf(m, "%s: inuse %d memory %llu\n", name, n, (unsigned long long)mem);
}

/* Memory is counted in pages. */
static int sockstat_show(struct seq_file *m)
{
	const struct net *net = m->at.host->net;
	struct sock_counts c = count_socks(net);

	seq_printf(m, "sockets: used %d\n"
		      "TCP: inuse %d orphan %d tw %d alloc %d mem %llu\n"
		      "UDP: inuse %d mem %llu\n"
		      "UDPLITE: inuse 0\n"
		      "RAW: inuse %d\n",
		   c.used, c.tcp[0], net->tcp_orphans, net->tcp_tw_count, c.tcp_alloc,
		   (unsigned long long)c.tcp_mem / 4096, c.udp[0],
		   (unsigned long long)c.udp_mem / 4096, c.raw[0]);
	put_frags(m, "FRAG", false);
	return 0;
}

static int sockstat6_show(struct seq_file *m)
{
	struct sock_counts c = count_socks(m->at.host->net);

	seq_printf(m, "TCP6: inuse %d\nUDP6: inuse %d\nUDPLITE6: inuse 0\nRAW6: inuse %d\n",
		   c.tcp[1], c.udp[1], c.raw[1]);
	put_frags(m, "FRAG6", true);
	return 0;
}

#define SHOW(n)                                                                                    \
	{ .path = "/proc/%pid/net/" #n, .mode = S_IFREG | 0444, .show = n##_show,                  \
	  .flags = PF_NO_WRITE }

const struct procfs_entry procfs_snmp_entries[] = {
	SHOW(netstat), SHOW(snmp), SHOW(snmp6), SHOW(sockstat), SHOW(sockstat6), { 0 },
};
