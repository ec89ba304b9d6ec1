# SPDX-License-Identifier: MIT
SRC := \
	backlog.c \
	dim.c \
	dql.c \
	drop_reason.c \
	eth.c \
	gro.c \
	gso.c \
	link.c \
	link_faults.c \
	loopback.c \
	moderation.c \
	napi.c \
	napi_thread.c \
	netdev.c \
	nic.c \
	nic_ethtool.c \
	nic_rx.c \
	nic_tx.c \
	qdisc.c \
	qdisc_fifo.c \
	qdisc_fq.c \
	qdisc_netem.c \
	qdisc_prio.c \
	receive.c \
	report.c \
	rss.c \
	skb.c \
	skb_csum.c \
	skb_pool.c \
	switch.c \
	trace_frame.c \
	tx.c \
	tx_watchdog.c \

