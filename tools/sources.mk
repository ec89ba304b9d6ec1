# SPDX-License-Identifier: MIT
SRC := \
	cli.c \
	diff.c \
	exec.c \
	export.c \
	hosted_report.c \
	log_sink.c \
	packet_text.c \
	pcapng.c \
	replay.c \
	run.c \
	show.c \
	state.c \
	table.c \
	timeline.c \
