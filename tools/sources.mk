# SPDX-License-Identifier: MIT
SRC := \
	cli.c \
	diff.c \
	export.c \
	packet_text.c \
	pcapng.c \
	show.c \
	table.c \
	timeline.c \

