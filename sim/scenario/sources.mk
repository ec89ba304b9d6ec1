# SPDX-License-Identifier: MIT
SRC := \
	api_check.c \
	api_file.c \
	api_host.c \
	api_link.c \
	api_nic.c \
	api_program.c \
	api_qdisc.c \
	api_rule.c \
	api_schedule.c \
	api_spawn.c \
	fields.c \
	scenario.c \

