# SPDX-License-Identifier: MIT
SRC := \
	cost.c \
	cpu.c \
	host.c \
	job.c \
	process.c \
	process_attr.c \
	sched.c \
	signal.c \
	signal_names.c \
	softirq.c \
	task.c \
	timer.c \
	wait.c \
	world.c \

