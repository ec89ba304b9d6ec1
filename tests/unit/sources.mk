# SPDX-License-Identifier: MIT
UNIT_TESTS := \
	choice \
	event \
	pool \
	rng \
	units \

UNIT_SUPPORT :=
