# SPDX-License-Identifier: MIT
SRC := \
	cli.c \
	diff.c \
	exec.c \
	export.c \
	log_sink.c \
	missing.c \
	packet_text.c \
	pcapng.c \
	replay.c \
	run.c \
	show.c \
	state.c \
	table.c \
	timeline.c \

