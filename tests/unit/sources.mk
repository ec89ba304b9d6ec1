# SPDX-License-Identifier: MIT
UNIT_TESTS := \
	addr \
	backlog \
	choice \
	cli \
	csum \
	diff \
	dim \
	dql \
	event \
	export \
	gro \
	gso \
	link \
	link_faults \
	napi \
	nic_path \
	nic_rx \
	nic_tx \
	pool \
	qdisc \
	rng \
	rss \
	show \
	skb \
	switch \
	tcp_cong \
	tcp_options \
	tcp_rcv \
	tcp_response \
	tcp_rtt \
	tcp_send \
	tcp_syncookies \
	trace \
	trace_compare \
	trace_doc \
	trace_frame \
	units \

UNIT_SUPPORT := \
	support/script.c \
	support/vrun.c \

