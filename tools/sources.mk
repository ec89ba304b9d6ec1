# SPDX-License-Identifier: MIT
SRC := \
	cli.c \
	diff.c \
	export.c \
	log_sink.c \
	packet_text.c \
	pcapng.c \
	run.c \
	show.c \
	table.c \
	timeline.c \

