# SPDX-License-Identifier: MIT
UNIT_TESTS := \
	choice \
	event \
	pool \
	rng \
	trace \
	trace_frame \
	units \

UNIT_SUPPORT := \
	support/script.c \

