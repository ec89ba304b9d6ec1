# SPDX-License-Identifier: MIT
SRC := \
	dql.c \
	drop_reason.c \
	eth.c \
	gso.c \
	link.c \
	link_faults.c \
	nic_tx.c \
	qdisc.c \
	qdisc_fifo.c \
	qdisc_fq.c \
	qdisc_netem.c \
	qdisc_prio.c \
	report.c \
	skb.c \
	skb_csum.c \
	skb_pool.c \
	switch.c \
	tx.c \
	tx_watchdog.c \

