# SPDX-License-Identifier: MIT
SRC := \
	link.c \
	link_faults.c \

