/* SPDX-License-Identifier: MIT */
/*
 * Why a packet was dropped: the kernel's enum skb_drop_reason, by its names (without the prefix), and a
 * few of our own for places that Linux has no packet in (the wire).
 *
 * Append freely; the names, not the numbers, are what the trace holds.
 */
#ifndef NIC_DROP_REASON_H
#define NIC_DROP_REASON_H

#define SKB_DROP_REASONS(X)                                                                        \
	X(NOT_SPECIFIED)                                                                           \
	X(NO_SOCKET)                                                                               \
	X(SOCKET_CLOSE)                                                                            \
	X(SOCKET_FILTER)                                                                           \
	X(SOCKET_RCVBUFF)                                                                          \
	X(PACKET_SOCK_ERROR)                                                                       \
	X(UNIX_DISCONNECT)                                                                         \
	X(PKT_TOO_SMALL)                                                                           \
	X(TCP_CSUM)                                                                                \
	X(UDP_CSUM)                                                                                \
	X(ICMP_CSUM)                                                                               \
	X(IP_CSUM)                                                                                 \
	X(IP_INHDR)                                                                                \
	X(IP_RPFILTER)                                                                             \
	X(IP_LOCAL_SOURCE)                                                                         \
	X(IP_INVALID_SOURCE)                                                                       \
	X(IP_INVALID_DEST)                                                                         \
	X(IP_LOCALNET)                                                                             \
	X(IP_NOPROTO)                                                                              \
	X(IP_INADDRERRORS)                                                                         \
	X(IP_INNOROUTES)                                                                           \
	X(IP_OUTNOROUTES)                                                                          \
	X(PKT_TOO_BIG)                                                                             \
	X(UNICAST_IN_L2_MULTICAST)                                                                 \
	X(OTHERHOST)                                                                               \
	X(SOCKET_BACKLOG)                                                                          \
	X(TCP_FLAGS)                                                                               \
	X(TCP_ABORT_ON_DATA)                                                                       \
	X(TCP_ZEROWINDOW)                                                                          \
	X(TCP_OLD_DATA)                                                                            \
	X(TCP_OVERWINDOW)                                                                          \
	X(TCP_OFOMERGE)                                                                            \
	X(TCP_RFC7323_PAWS)                                                                        \
	X(TCP_RFC7323_PAWS_ACK)                                                                    \
	X(TCP_RFC7323_TW_PAWS)                                                                     \
	X(TCP_RFC7323_TSECR)                                                                       \
	X(TCP_LISTEN_OVERFLOW)                                                                     \
	X(TCP_OLD_SEQUENCE)                                                                        \
	X(TCP_INVALID_SEQUENCE)                                                                    \
	X(TCP_INVALID_END_SEQUENCE)                                                                \
	X(TCP_INVALID_ACK_SEQUENCE)                                                                \
	X(TCP_RESET)                                                                               \
	X(TCP_INVALID_SYN)                                                                         \
	X(TCP_CLOSE)                                                                               \
	X(TCP_FASTOPEN)                                                                            \
	X(TCP_OLD_ACK)                                                                             \
	X(TCP_TOO_OLD_ACK)                                                                         \
	X(TCP_ACK_UNSENT_DATA)                                                                     \
	X(TCP_OFO_QUEUE_PRUNE)                                                                     \
	X(TCP_OFO_DROP)                                                                            \
	X(TCP_MINTTL)                                                                              \
	X(NEIGH_CREATEFAIL)                                                                        \
	X(NEIGH_FAILED)                                                                            \
	X(NEIGH_QUEUEFULL)                                                                         \
	X(NEIGH_DEAD)                                                                              \
	X(QDISC_DROP)                                                                              \
	X(QDISC_OVERLIMIT)                                                                         \
	X(QDISC_CONGESTED)                                                                         \
	X(FQ_BAND_LIMIT)                                                                           \
	X(FQ_FLOW_LIMIT)                                                                           \
	X(FQ_HORIZON_LIMIT)                                                                        \
	X(QUEUE_PURGE)                                                                             \
	X(CPU_BACKLOG)                                                                             \
	X(UNHANDLED_PROTO)                                                                         \
	X(SKB_CSUM)                                                                                \
	X(PROTO_MEM)                                                                               \
	X(FULL_RING)                                                                               \
	X(NOMEM)                                                                                   \
	X(HDR_TRUNC)                                                                               \
	X(DEV_READY)                                                                               \
	X(ICMP_CODE)                                                                               \
	X(INVALID_PROTO)                                                                           \
	X(INVALID_PROTO_IPV4)                                                                      \
	X(IP6_NDISC_BAD_OPTIONS)                                                                   \
	X(IP6_NDISC_HOP_LIMIT)                                                                     \
	X(IP6_NDISC_BAD_CODE)                                                                      \
	X(IPV6DISABLED)                                                                            \
	X(IPV6_BAD_EXTHDR)                                                                         \
	X(IPV6_NDISC_FRAG)                                                                         \
	X(DUP_FRAG)                                                                                \
	X(FRAG_REASM_TIMEOUT)                                                                      \
	X(FRAG_TOO_FAR)                                                                            \
	X(NETMEM_UNREADABLE)                                                                       \
	/* Ours: the wire and the NIC, where Linux has no skb. */                                  \
	X(LINK_LOSS)                                                                               \
	X(LINK_DOWN)                                                                               \
	X(LINK_PARTITION)                                                                          \
	X(LINK_QUEUE_FULL)                                                                         \
	X(LINK_CHOICE)                                                                             \
	X(FRAME_TOO_LONG)                                                                          \
	X(FRAME_CRC)                                                                               \
	X(NIC_FILTER)                                                                              \
	X(SWITCH_NO_PORT)                                                                          \
	X(SWITCH_BUFFER_FULL)                                                                      \
	X(NO_ROUTE_TTL)

enum skb_drop_reason {
	SKB_NOT_DROPPED_YET = 0,
#define SKB_DROP_ENUM(name) SKB_DROP_REASON_##name,
	SKB_DROP_REASONS(SKB_DROP_ENUM)
#undef SKB_DROP_ENUM
	SKB_DROP_REASON_MAX
};

/* "TCP_CSUM"; static. */
const char *skb_drop_reason_name(enum skb_drop_reason reason);

#endif
