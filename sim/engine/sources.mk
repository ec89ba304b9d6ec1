# SPDX-License-Identifier: MIT
SRC := \
	choice.c \
	event.c \
	pool.c \
	rng.c \
	sim.c \
	strategy.c \
	strategy_explore.c \
	trace.c \
	trace_compare.c \
	trace_frame.c \
	trace_memory.c \
	trace_read.c \
	trace_schema.c \
	trace_sqlite.c \
	trace_view.c \
	units.c \

