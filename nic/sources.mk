# SPDX-License-Identifier: MIT
SRC := \
	dql.c \
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
	switch.c \
	tx.c \
	tx_watchdog.c \

