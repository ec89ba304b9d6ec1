/* SPDX-License-Identifier: MIT */
/*
 * SIOCETHTOOL (netdevice(7), ethtool(8)): what every device answers, what its driver does, and the
 * counters. ethtool(8) speaks generic netlink first; where that family is absent it comes here.
 */
#include "stack/ethtool.h"

#include <linux/capability.h>
#include <linux/ethtool.h>
#include <string.h>

#include "nic/netdev.h"
#include "nic/nic_ethtool.h"
#include "stack/capability.h"

struct command {
	u32 cmd;
	u32 head;
	bool changes; /* wants CAP_NET_ADMIN */
};

static const struct command commands[] = {
	{ ETHTOOL_GDRVINFO, sizeof(struct ethtool_drvinfo), false },
	{ ETHTOOL_GLINK, sizeof(struct ethtool_value), false },
	{ ETHTOOL_GRINGPARAM, sizeof(struct ethtool_ringparam), false },
	{ ETHTOOL_SRINGPARAM, sizeof(struct ethtool_ringparam), true },
	{ ETHTOOL_GCHANNELS, sizeof(struct ethtool_channels), false },
	{ ETHTOOL_SCHANNELS, sizeof(struct ethtool_channels), true },
	{ ETHTOOL_GCOALESCE, sizeof(struct ethtool_coalesce), false },
	{ ETHTOOL_SCOALESCE, sizeof(struct ethtool_coalesce), true },
	{ ETHTOOL_GRXRINGS, sizeof(struct ethtool_rxnfc), false },
	{ ETHTOOL_GRXFHINDIR, sizeof(struct ethtool_rxfh_indir), false },
	{ ETHTOOL_SRXFHINDIR, sizeof(struct ethtool_rxfh_indir), true },
	{ ETHTOOL_GRSSH, sizeof(struct ethtool_rxfh), false },
	{ ETHTOOL_SRSSH, sizeof(struct ethtool_rxfh), true },
	{ ETHTOOL_GSSET_INFO, sizeof(struct ethtool_sset_info), false },
	{ ETHTOOL_GSTRINGS, sizeof(struct ethtool_gstrings), false },
	{ ETHTOOL_GSTATS, sizeof(struct ethtool_stats), false },
};

static const char *const rss_hash_funcs[] = { "toeplitz", "xor", "crc32" };

static const struct command *command_find(u32 cmd)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].cmd == cmd)
			return &commands[i];
	}
	return NULL;
}

u32 ethtool_head(u32 cmd)
{
	const struct command *c = command_find(cmd);

	return c ? c->head : 0;
}

static u32 bounded(u64 size)
{
	return (u32)min(size, (u64)ETHTOOL_ROOM);
}

u32 ethtool_in_size(const void *data)
{
	const struct ethtool_rxfh_indir *t = data;
	const struct ethtool_rxfh *r = data;
	u32 cmd = t->cmd, head = ethtool_head(cmd), entries;

	switch (cmd) {
	case ETHTOOL_SRXFHINDIR:
		return bounded(head + (u64)t->size * sizeof(u32));
	case ETHTOOL_SRSSH:
		entries = r->indir_size == ETH_RXFH_INDIR_NO_CHANGE ? 0 : r->indir_size;
		return bounded(head + (u64)entries * sizeof(u32) + r->key_size);
	default:
		return head;
	}
}

/*
 * The caller says how much fits: tables are not copied to who asks for their sizes only, nor are counters
 * that have come into being since they were counted.
 */
u32 ethtool_room(const void *data)
{
	const struct ethtool_rxfh_indir *t = data;
	const struct ethtool_rxfh *r = data;
	const struct ethtool_sset_info *info = data;
	u32 cmd = t->cmd, head = ethtool_head(cmd);

	switch (cmd) {
	case ETHTOOL_GRXFHINDIR:
		return bounded(head + (u64)t->size * sizeof(u32));
	case ETHTOOL_GRSSH:
		return bounded(head + (u64)r->indir_size * sizeof(u32) + r->key_size);
	case ETHTOOL_GSSET_INFO:
		return head + (u32)__builtin_popcountll(info->sset_mask) * (u32)sizeof(u32);
	case ETHTOOL_GSTRINGS:
		return bounded(head + (u64)((const struct ethtool_gstrings *)data)->len * ETH_GSTRING_LEN);
	case ETHTOOL_GSTATS:
		return bounded(head + (u64)((const struct ethtool_stats *)data)->n_stats * sizeof(u64));
	default:
		return command_find(cmd) && !command_find(cmd)->changes ? head : 0;
	}
}

/* What the fields say now is what was written. */
u32 ethtool_out_size(const void *data)
{
	return ethtool_room(data);
}

/* ---- sets of strings ------------------------------------------------------------------------- */

static int sset_count(struct net_device *dev, u32 set)
{
	switch (set) {
	case ETH_SS_STATS:
		return dev->ops->counters ? (int)nic_ethtool_count(dev) : -EOPNOTSUPP;
	case ETH_SS_RSS_HASH_FUNCS:
		return (int)ARRAY_SIZE(rss_hash_funcs);
	default:
		return -EOPNOTSUPP;
	}
}

static int get_sset_info(struct net_device *dev, struct ethtool_sset_info *info)
{
	u64 mask = info->sset_mask;
	u32 n = 0;

	info->sset_mask = 0;
	for (u32 set = 0; set < 64; set++) {
		int count = mask >> set & 1 ? sset_count(dev, set) : -EOPNOTSUPP;

		if (count < 0)
			continue;
		info->sset_mask |= 1ull << set;
		info->data[n++] = (u32)count;
	}
	return 0;
}

struct emitter {
	struct ethtool_gstrings *names;
	struct ethtool_stats *values;
	u32 n;
};

static void emit(void *ctx, const char *name, u64 v)
{
	struct emitter *e = ctx;

	if (e->names)
		strncpy((char *)e->names->data + e->n * ETH_GSTRING_LEN, name, ETH_GSTRING_LEN - 1);
	else
		e->values->data[e->n] = v;
	e->n++;
}

static int get_strings(struct net_device *dev, struct ethtool_gstrings *s)
{
	struct emitter e = { .names = s };
	int n = sset_count(dev, s->string_set);

	if (n < 0)
		return n;
	s->len = (u32)n;
	memset(s->data, 0, (size_t)n * ETH_GSTRING_LEN);
	if (s->string_set == ETH_SS_STATS) {
		dev->ops->counters(dev, emit, &e);
		return 0;
	}
	for (int i = 0; i < n; i++)
		emit(&e, rss_hash_funcs[i], 0);
	return 0;
}

static int get_stats(struct net_device *dev, struct ethtool_stats *st)
{
	struct emitter e = { .values = st };

	if (!dev->ops->counters)
		return -EOPNOTSUPP;
	dev->ops->counters(dev, emit, &e);
	st->n_stats = e.n;
	return 0;
}

s64 dev_ethtool(struct task *t, struct net_device *dev, void *data)
{
	const struct command *c;
	u32 cmd;

	memcpy(&cmd, data, sizeof(cmd));
	c = command_find(cmd);
	if ((!c || c->changes) && !capable(t, CAP_NET_ADMIN))
		return -EPERM;
	if (!c)
		return -EOPNOTSUPP;
	switch (cmd) {
	case ETHTOOL_GLINK:
		((struct ethtool_value *)data)->data = dev->flags & IFF_UP && dev->carrier;
		return 0;
	case ETHTOOL_GSSET_INFO:
		return get_sset_info(dev, data);
	case ETHTOOL_GSTRINGS:
		return get_strings(dev, data);
	case ETHTOOL_GSTATS:
		return get_stats(dev, data);
	default:
		return dev->ops->ethtool ? dev->ops->ethtool(dev, data) : -EOPNOTSUPP;
	}
}
