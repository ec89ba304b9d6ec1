# SPDX-License-Identifier: MIT
SRC := \
	addr.c \
	snmp.c \

