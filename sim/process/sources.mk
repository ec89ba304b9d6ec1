# SPDX-License-Identifier: MIT
SRC := \
	lua_address.c \
	lua_constants.c \
	lua_copy.c \
	lua_io.c \
	lua_mmsg.c \
	lua_poll.c \
	lua_program.c \
	lua_sandbox.c \
	lua_socket.c \
	lua_sockopt.c \
	lua_task.c \
	lua_text.c \
	lua_world.c \

