/* SPDX-License-Identifier: MIT */
/*
 * IPv4 header options (RFC 791 section 3.1): syntax checks on input, what fragments keep.
 *
 * Source routes are refused (accept_source_route = 0, the default of net.ipv4.conf.all). Record
 * route and timestamp are checked and left as they came: the model has no receiver for them.
 */
#include <netinet/ip.h>

#include "stack/ip_internal.h"

#define IPOPT_COPIED_FLAG 0x80u

/* Record route, timestamp: pointer at least 4 (5), within the option. */
static bool option_pointer_ok(const u8 *opt, u8 len)
{
	u8 least = opt[0] == IPOPT_TS ? 5 : 4;

	return len >= (opt[0] == IPOPT_TS ? 4 : 3) && opt[2] >= least;
}

enum ip_opt_verdict ip_options_check(const u8 *iph, u32 hlen, u8 *pp)
{
	u32 i = IPV4_HLEN;

	while (i < hlen) {
		const u8 *opt = iph + i;
		u8 len;

		if (opt[0] == IPOPT_EOL)
			return IP_OPT_OK;
		if (opt[0] == IPOPT_NOP) {
			i++;
			continue;
		}
		*pp = (u8)i;
		if (i + 2 > hlen || opt[1] < 2 || i + opt[1] > hlen)
			return IP_OPT_BAD;
		len = opt[1];
		if (opt[0] == IPOPT_SSRR || opt[0] == IPOPT_LSRR)
			return IP_OPT_SOURCE_ROUTE;
		if ((opt[0] == IPOPT_RR || opt[0] == IPOPT_TS) && !option_pointer_ok(opt, len)) {
			*pp = (u8)(i + (len < 3 ? 1 : 2));
			return IP_OPT_BAD;
		}
		i += len;
	}
	return IP_OPT_OK;
}

void ip_options_fragment(u8 *iph, u32 hlen)
{
	u32 i = IPV4_HLEN;

	while (i < hlen && iph[i] != IPOPT_EOL) {
		u8 len = iph[i] == IPOPT_NOP ? 1 : i + 1 < hlen ? iph[i + 1] : 0;

		if (!len || i + len > hlen)
			return;
		if (!(iph[i] & IPOPT_COPIED_FLAG))
			memset(iph + i, IPOPT_NOP, len);
		i += len;
	}
}
