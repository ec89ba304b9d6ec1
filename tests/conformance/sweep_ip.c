/* SPDX-License-Identifier: MIT */
/*
 * Every option number of IPPROTO_IP on every kind of socket with every length (sweep.h; ip(7)).
 * differs: options of IPPROTO_IP that are not there yet
 */
#include "sweep.h"

int main(void)
{
	static const struct sweep s[] = {
	    {"IPPROTO_IP", IPPROTO_IP, 0, 70, .skipped = {64, 65, 66, 67}}, /* iptables */
	};

	return sweep_run(s, 1);
}
