# SPDX-License-Identifier: MIT
SRC := \
	cli.c \
	decision.c \
	diff.c \
	exec.c \
	explain.c \
	explore.c \
	export.c \
	hosted_report.c \
	keep.c \
	ladder.c \
	log_sink.c \
	packet_text.c \
	params.c \
	pcapng.c \
	probe.c \
	recording.c \
	reduce.c \
	replay.c \
	run.c \
	show.c \
	shrink.c \
	state.c \
	steps.c \
	table.c \
	timeline.c \
