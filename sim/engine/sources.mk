# SPDX-License-Identifier: MIT
SRC := \
	choice.c \
	event.c \
	pool.c \
	rng.c \
	sim.c \
	strategy.c \
	units.c \

