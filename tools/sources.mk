# SPDX-License-Identifier: MIT
SRC := \
	cli.c \
	decision.c \
	diff.c \
	exec.c \
	explore.c \
	export.c \
	hosted_report.c \
	keep.c \
	log_sink.c \
	packet_text.c \
	params.c \
	pcapng.c \
	probe.c \
	recording.c \
	replay.c \
	run.c \
	show.c \
	shrink.c \
	state.c \
	table.c \
	timeline.c \
