/* SPDX-License-Identifier: MIT */
/*
 * The limit of network messages in the kernel log (net_ratelimit(); lib/ratelimit.c in Linux): a window
 * opens with the first message, and the first one after its end tells how many were left out.
 */
#include "stack/net_ratelimit.h"

#include <stdio.h>
#include <string.h>

#include "sim/engine/trace.h"

static void kernel_log(struct net *net, const char *text)
{
	trace_log(net->sim->trace, net_now(net), net->host->id, 0, "kernel", text, strlen(text));
}

static bool net_ratelimit(struct net *net)
{
	const struct net_sysctl *s = &net->sysctl;
	struct net_ratelimit *r = &net->ratelimit;
	char text[64];

	if (s->message_cost <= 0 || s->message_burst <= 0)
		return !s->message_cost || s->message_burst > 0;
	if (r->open && net_now(net) > r->begin + s->message_cost) {
		if (r->missed) {
			snprintf(text, sizeof(text), "net_ratelimit: %u callbacks suppressed", r->missed);
			kernel_log(net, text);
		}
		*r = (struct net_ratelimit){ 0 };
	}
	if (!r->open) {
		r->open = true;
		r->begin = net_now(net);
	}
	if (r->printed < (u32)s->message_burst) {
		r->printed++;
		return true;
	}
	r->missed++;
	return false;
}

void net_info_ratelimited(struct net *net, const char *text)
{
	if (net_ratelimit(net))
		kernel_log(net, text);
}
