# SPDX-License-Identifier: MIT
SRC := \
	dql.c \
	gso.c \
	link.c \
	link_faults.c \
	qdisc.c \
	qdisc_fifo.c \
	qdisc_fq.c \
	qdisc_netem.c \
	qdisc_prio.c \
	tx.c \

