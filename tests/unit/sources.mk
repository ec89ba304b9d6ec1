# SPDX-License-Identifier: MIT
UNIT_TESTS := \
	choice \
	event \
	pool \
	rng \
	trace \
	units \

UNIT_SUPPORT := \
	support/script.c \

