/* SPDX-License-Identifier: MIT */
/*
 * SNMP counters with the names of /proc/net/snmp, /proc/net/snmp6 and /proc/net/netstat.
 *
 * Append freely within a group; snmp.c has the name of each, and a unit test checks that none is
 * missing and none stands twice.
 */
#ifndef STACK_SNMP_H
#define STACK_SNMP_H

#include "sim/engine/types.h"

struct net;

#define IP_MIBS(X)                                                                                 \
	X(InReceives) X(InHdrErrors) X(InAddrErrors) X(ForwDatagrams) X(InUnknownProtos)           \
	X(InDiscards) X(InDelivers) X(OutRequests) X(OutDiscards) X(OutNoRoutes) X(ReasmTimeout)   \
	X(ReasmReqds) X(ReasmOKs) X(ReasmFails) X(FragOKs) X(FragFails) X(FragCreates)             \
	X(OutTransmits)
#define IP6_MIBS(X)                                                                                \
	X(Ip6InReceives) X(Ip6InHdrErrors) X(Ip6InTooBigErrors) X(Ip6InNoRoutes)                   \
	X(Ip6InAddrErrors) X(Ip6InUnknownProtos) X(Ip6InTruncatedPkts) X(Ip6InDiscards)            \
	X(Ip6InDelivers) X(Ip6OutForwDatagrams) X(Ip6OutRequests) X(Ip6OutDiscards)                \
	X(Ip6OutNoRoutes) X(Ip6ReasmTimeout) X(Ip6ReasmReqds) X(Ip6ReasmOKs) X(Ip6ReasmFails)      \
	X(Ip6FragOKs) X(Ip6FragFails) X(Ip6FragCreates) X(Ip6InMcastPkts) X(Ip6OutMcastPkts)        \
	X(Ip6InOctets) X(Ip6OutOctets) X(Ip6InMcastOctets) X(Ip6OutMcastOctets) X(Ip6InNoECTPkts)  \
	X(Ip6InECT1Pkts) X(Ip6InECT0Pkts) X(Ip6InCEPkts) X(Ip6OutTransmits)
#define IPEXT_MIBS(X)                                                                              \
	X(InNoRoutes) X(InTruncatedPkts) X(InMcastPkts) X(OutMcastPkts) X(InBcastPkts)             \
	X(OutBcastPkts) X(InOctets) X(OutOctets) X(InMcastOctets) X(OutMcastOctets)                \
	X(InBcastOctets) X(OutBcastOctets) X(InCsumErrors) X(InNoECTPkts) X(InECT1Pkts)            \
	X(InECT0Pkts) X(InCEPkts) X(ReasmOverlaps)
#define ICMP_MIBS(X)                                                                               \
	X(IcmpInMsgs) X(IcmpInErrors) X(IcmpInCsumErrors) X(IcmpInDestUnreachs)                    \
	X(IcmpInTimeExcds) X(IcmpInParmProbs) X(IcmpInSrcQuenchs) X(IcmpInRedirects)               \
	X(IcmpInEchos) X(IcmpInEchoReps) X(IcmpOutMsgs) X(IcmpOutErrors)                           \
	X(IcmpOutRateLimitGlobal) X(IcmpOutRateLimitHost) X(IcmpOutDestUnreachs)                   \
	X(IcmpOutTimeExcds) X(IcmpOutParmProbs) X(IcmpOutEchos) X(IcmpOutEchoReps)
#define ICMP6_MIBS(X)                                                                              \
	X(Icmp6InMsgs) X(Icmp6InErrors) X(Icmp6OutMsgs) X(Icmp6OutErrors) X(Icmp6InCsumErrors)     \
	X(Icmp6OutRateLimitHost) X(Icmp6InDestUnreachs) X(Icmp6InPktTooBigs)                       \
	X(Icmp6InTimeExcds) X(Icmp6InParmProblems) X(Icmp6InEchos) X(Icmp6InEchoReplies)           \
	X(Icmp6InNeighborSolicits) X(Icmp6InNeighborAdvertisements) X(Icmp6OutDestUnreachs)        \
	X(Icmp6OutPktTooBigs) X(Icmp6OutTimeExcds) X(Icmp6OutParmProblems) X(Icmp6OutEchos)        \
	X(Icmp6OutEchoReplies) X(Icmp6OutNeighborSolicits) X(Icmp6OutNeighborAdvertisements)       \
	X(Icmp6OutMLDv2Reports)
#define TCP_MIBS(X)                                                                                \
	X(ActiveOpens) X(PassiveOpens) X(AttemptFails) X(EstabResets) X(InSegs) X(OutSegs)         \
	X(RetransSegs) X(InErrs) X(OutRsts) X(TcpInCsumErrors)
#define UDP_MIBS(X)                                                                                \
	X(InDatagrams) X(NoPorts) X(UdpInErrors) X(OutDatagrams) X(RcvbufErrors) X(SndbufErrors)   \
	X(UdpInCsumErrors) X(IgnoredMulti) X(MemErrors)
#define UDP6_MIBS(X)                                                                               \
	X(Udp6InDatagrams) X(Udp6NoPorts) X(Udp6InErrors) X(Udp6OutDatagrams) X(Udp6RcvbufErrors)  \
	X(Udp6SndbufErrors) X(Udp6InCsumErrors) X(Udp6IgnoredMulti)
#define TCPEXT_MIBS(X)                                                                             \
	X(SyncookiesSent) X(SyncookiesRecv) X(SyncookiesFailed) X(EmbryonicRsts) X(PruneCalled)    \
	X(RcvPruned) X(OfoPruned) X(OutOfWindowIcmps) X(LockDroppedIcmps) X(TW) X(TWRecycled)      \
	X(TWKilled) X(PAWSActive) X(PAWSEstab) X(BeyondWindow) X(TSEcrRejected) X(PAWSOldAck)      \
	X(PAWSTimewait) X(DelayedACKs) X(DelayedACKLocked) X(DelayedACKLost) X(ListenOverflows)    \
	X(ListenDrops) X(TCPHPHits) X(TCPPureAcks) X(TCPHPAcks) X(TCPRenoRecovery)                 \
	X(TCPSackRecovery) X(TCPSACKReneging) X(TCPSACKReorder) X(TCPRenoReorder) X(TCPTSReorder)  \
	X(TCPFullUndo) X(TCPPartialUndo) X(TCPDSACKUndo) X(TCPLossUndo) X(TCPLostRetransmit)       \
	X(TCPRenoFailures) X(TCPSackFailures) X(TCPLossFailures) X(TCPFastRetrans)                 \
	X(TCPSlowStartRetrans) X(TCPTimeouts) X(TCPLossProbes) X(TCPLossProbeRecovery)             \
	X(TCPRenoRecoveryFail) X(TCPSackRecoveryFail) X(TCPRcvCollapsed) X(TCPBacklogCoalesce)     \
	X(TCPDSACKOldSent) X(TCPDSACKOfoSent) X(TCPDSACKRecv) X(TCPDSACKOfoRecv)                   \
	X(TCPAbortOnData) X(TCPAbortOnClose) X(TCPAbortOnMemory) X(TCPAbortOnTimeout)              \
	X(TCPAbortOnLinger) X(TCPAbortFailed) X(TCPMemoryPressures) X(TCPSACKDiscard)              \
	X(TCPSpuriousRTOs) X(TCPSackShifted) X(TCPSackMerged) X(TCPSackShiftFallback)              \
	X(TCPBacklogDrop) X(TCPMinTTLDrop) X(TCPDeferAcceptDrop) X(IPReversePathFilter)            \
	X(TCPTimeWaitOverflow) X(TCPReqQFullDoCookies) X(TCPReqQFullDrop) X(TCPRetransFail)        \
	X(TCPRcvCoalesce) X(TCPOFOQueue) X(TCPOFODrop) X(TCPOFOMerge) X(TCPChallengeACK)           \
	X(TCPSYNChallenge) X(TCPSpuriousRtxHostQueues) X(TCPAutoCorking) X(TCPFromZeroWindowAdv)   \
	X(TCPToZeroWindowAdv) X(TCPWantZeroWindowAdv) X(TCPSynRetrans) X(TCPOrigDataSent)          \
	X(TCPHystartTrainDetect) X(TCPHystartTrainCwnd) X(TCPHystartDelayDetect)                   \
	X(TCPHystartDelayCwnd) X(TCPACKSkippedSynRecv) X(TCPACKSkippedPAWS) X(TCPACKSkippedSeq)    \
	X(TCPACKSkippedFinWait2) X(TCPACKSkippedTimeWait) X(TCPACKSkippedChallenge) X(TCPWinProbe) \
	X(TCPKeepAlive) X(TCPDelivered) X(TCPDeliveredCE) X(TCPAckCompressed) X(TCPZeroWindowDrop) \
	X(TCPRcvQDrop) X(TCPWqueueTooBig) X(TCPTimeoutRehash) X(TCPMigrateReqSuccess)              \
	X(TCPMigrateReqFailure)

#define MIB_ENUM(name) MIB_##name,
enum mib {
	IP_MIBS(MIB_ENUM) IP6_MIBS(MIB_ENUM) IPEXT_MIBS(MIB_ENUM) ICMP_MIBS(MIB_ENUM)
	ICMP6_MIBS(MIB_ENUM) TCP_MIBS(MIB_ENUM) UDP_MIBS(MIB_ENUM) UDP6_MIBS(MIB_ENUM)
	TCPEXT_MIBS(MIB_ENUM) MIB_MAX
};
#undef MIB_ENUM

struct netns_mib {
	u64 v[MIB_MAX];
	u32 tcp_curr_estab; /* a gauge */
};

/* net: struct net *. */
#define NET_INC_STATS(net, name) ((net)->mib.v[MIB_##name]++)
#define NET_ADD_STATS(net, name, n) ((net)->mib.v[MIB_##name] += (n))

/* The kernel's spelling ("InReceives", of group "Ip") of a counter. */
const char *mib_name(enum mib m);
const char *mib_group(enum mib m); /* "Ip", "Ip6", "IpExt", "Icmp", "Icmp6", "Tcp", "Udp", "Udp6", "TcpExt" */
/*
 * Writes every counter that is not 0 as a counter row: scope "snmp", "snmp6" or "netstat" (the file of
 * /proc/net), the group as object.
 */
void net_report_counters(struct net *net);

#endif
