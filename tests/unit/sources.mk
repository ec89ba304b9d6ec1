# SPDX-License-Identifier: MIT
UNIT_TESTS := \
	addr \
	choice \
	cli \
	diff \
	event \
	export \
	pool \
	rng \
	show \
	trace \
	trace_compare \
	trace_doc \
	trace_frame \
	units \

UNIT_SUPPORT := \
	support/script.c \
	support/vrun.c \

