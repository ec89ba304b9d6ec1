# SPDX-License-Identifier: MIT
SRC := \
	addr.c \
	inet.c \
	inet_hash.c \
	inet_mc.c \
	inet_port.c \
	inet_sockopt.c \
	reuseport.c \
	snmp.c \
	sock_recv.c \
	udp.c \
	udp_rcv.c \
	udp_send.c \

