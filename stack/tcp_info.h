/* SPDX-License-Identifier: MIT */
/*
 * What getsockopt(TCP_INFO) returns: struct tcp_info of linux/tcp.h as of Linux 6.18.
 *
 * netinet/tcp.h declares its first 104 bytes only, and a program may have been built with any
 * length: the option gives as much as fits.
 */
#ifndef STACK_TCP_INFO_H
#define STACK_TCP_INFO_H

#include "sim/engine/types.h"

struct tcp_sock;

struct tcp_full_info {
	u8 state, ca_state, retransmits, probes, backoff, options;
	u8 snd_wscale : 4, rcv_wscale : 4;
	u8 delivery_rate_app_limited : 1, fastopen_client_fail : 2;
	u32 rto, ato, snd_mss, rcv_mss; /* times: us */
	u32 unacked, sacked, lost, retrans, fackets;
	u32 last_data_sent, last_ack_sent, last_data_recv, last_ack_recv; /* ms ago */
	u32 pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	u32 rcv_rtt, rcv_space;
	u32 total_retrans;
	u64 pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	u32 segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	u64 delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	u32 delivered, delivered_ce;
	u64 bytes_sent, bytes_retrans;
	u32 dsack_dups, reord_seen, rcv_ooopack, snd_wnd, rcv_wnd, rehash;
	u16 total_rto, total_rto_recoveries;
	u32 total_rto_time;
	u32 received_ce, delivered_e1_bytes, delivered_e0_bytes, delivered_ce_bytes;
	u32 received_e1_bytes, received_e0_bytes, received_ce_bytes;
	u16 accecn_fail_mode, accecn_opt_seen;
};

/* Fills in info; what the model does not measure is 0. */
void tcp_get_info(struct tcp_sock *tp, struct tcp_full_info *info);

#endif
