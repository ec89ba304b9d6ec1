/* SPDX-License-Identifier: MIT */
/*
 * Every option number of IPPROTO_IPV6 on every kind of socket with every length (sweep.h; ipv6(7)).
 * differs: options of IPPROTO_IPV6 that are not there yet
 */
#include "sweep.h"

int main(void)
{
	static const struct sweep s[] = {
	    {"IPPROTO_IPV6", IPPROTO_IPV6, 0, 85, .skipped = {64, 65, 68, 69, 80}}, /* ip6tables */
	};

	return sweep_run(s, 1);
}
