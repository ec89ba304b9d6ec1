/* SPDX-License-Identifier: MIT */
/*
 * Every option number of SOL_SOCKET on every kind of socket with every length (sweep.h; socket(7)).
 * differs: options of SOL_SOCKET that are not there yet
 */
#include "sweep.h"

#define SO_PEERPIDFD_ 77
#define SO_NETNS_COOKIE_ 71

int main(void)
{
	static const struct sweep s[] = {
	    {"SOL_SOCKET", SOL_SOCKET, 0, 90, .gives_fd = SO_PEERPIDFD_,
	     .masked = {SO_PEERCRED, SO_COOKIE, SO_NETNS_COOKIE_}},
	};

	return sweep_run(s, 1);
}
