/* SPDX-License-Identifier: MIT */
#include "nic/drop_reason.h"

#include <stddef.h>

static const char *const names[SKB_DROP_REASON_MAX] = {
	[SKB_NOT_DROPPED_YET] = "NOT_DROPPED_YET",
#define SKB_DROP_NAME(name) [SKB_DROP_REASON_##name] = #name,
	SKB_DROP_REASONS(SKB_DROP_NAME)
#undef SKB_DROP_NAME
};

const char *skb_drop_reason_name(enum skb_drop_reason reason)
{
	return names[reason];
}
