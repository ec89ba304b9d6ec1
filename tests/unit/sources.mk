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
	epoll \
	event \
	export \
	fd \
	fragment \
	gro \
	gso \
	icmp \
	ip \
	link \
	link_faults \
	msg \
	napi \
	neigh \
	nic_path \
	nic_rx \
	nic_tx \
	pipe \
	poll \
	pool \
	qdisc \
	rng \
	route \
	rss \
	show \
	signal \
	skb \
	sockopt \
	switch \
	syscall \
	sysctl \
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

