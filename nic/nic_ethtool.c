/* SPDX-License-Identifier: MIT */
/*
 * What ethtool(8) asks of the NIC and sets: rings, channels, coalescing, RSS, counters (linux/ethtool.h;
 * Documentation/networking/ethtool-netlink.rst has what each value means).
 *
 * RX and TX channels are separate; fewer RX channels may be used than the NIC was made with, TX channels
 * are fixed. A change of the rings empties them, as drivers do that stop and start the device.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <stdio.h>
#include <string.h>

#include "nic/nic_ethtool.h"
#include "nic/nic_priv.h"

#define ETH_RSS_HASH_TOP 1u /* Toeplitz, of the functions that ETH_SS_RSS_HASH_FUNCS names */

static int get_ring(struct nic *nic, struct ethtool_ringparam *r)
{
	r->rx_max_pending = r->tx_max_pending = NIC_RING_MAX;
	r->rx_pending = nic->p.rx_ring;
	r->tx_pending = nic->p.tx_ring;
	r->rx_mini_max_pending = r->rx_jumbo_max_pending = 0;
	r->rx_mini_pending = r->rx_jumbo_pending = 0;
	return 0;
}

static int set_ring(struct nic *nic, const struct ethtool_ringparam *r)
{
	struct net_device *dev = nic->dev;
	bool up = dev->flags & IFF_UP;
	int err;

	if (r->rx_pending > NIC_RING_MAX || r->tx_pending > NIC_RING_MAX || r->rx_mini_pending ||
	    r->rx_jumbo_pending || r->rx_pending < NIC_RING_MIN_RX || r->tx_pending < NIC_RING_MIN_TX)
		return -EINVAL;
	if (up)
		dev->ops->stop(dev);
	dev->flags &= ~(u32)IFF_UP;
	err = nic_set_ring(dev, r->rx_pending, r->tx_pending);
	if (!up)
		return err;
	dev->flags |= IFF_UP;
	dev->ops->open(dev);
	for (int i = 0; i < dev->num_tx_queues; i++)
		netif_tx_wake_queue(&dev->txq[i]);
	return err;
}

/* ---- channels -------------------------------------------------------------------------------- */

static int get_channels(struct nic *nic, struct ethtool_channels *c)
{
	*c = (struct ethtool_channels){ .cmd = c->cmd, .max_rx = (u32)nic->dev->num_rx_queues,
					.max_tx = (u32)nic->p.tx_queues,
					.rx_count = (u32)nic->p.rx_queues,
					.tx_count = (u32)nic->p.tx_queues };
	return 0;
}

static int set_channels(struct nic *nic, const struct ethtool_channels *c)
{
	int rx = (int)c->rx_count;

	if (c->rx_count > (u32)nic->dev->num_rx_queues || c->tx_count > (u32)nic->p.tx_queues ||
	    c->combined_count || c->other_count || !c->rx_count || !c->tx_count)
		return -EINVAL;
	if (c->tx_count != (u32)nic->p.tx_queues)
		return -EOPNOTSUPP;
	/* A table that a user has set stays, so its queues must. */
	for (int i = 0; nic->indir_set && i < RSS_INDIR_SIZE; i++) {
		if (nic->indir[i] >= rx)
			return -EINVAL;
	}
	for (int i = 0; i < nic->nrules; i++) {
		if (nic->rules[i].queue >= rx)
			return -EINVAL;
	}
	nic->p.rx_queues = rx;
	if (!nic->indir_set)
		nic_default_indir(nic);
	return 0;
}

/* ---- coalescing ------------------------------------------------------------------------------ */

static int get_coalesce(struct nic *nic, struct ethtool_coalesce *c)
{
	const struct nic_coalesce *now = &nic->p.coalesce;

	*c = (struct ethtool_coalesce){
		.cmd = c->cmd,
		.rx_coalesce_usecs = (u32)(now->rx_usecs / NSEC_PER_USEC),
		.rx_max_coalesced_frames = now->rx_frames,
		.tx_coalesce_usecs = (u32)(now->tx_usecs / NSEC_PER_USEC),
		.tx_max_coalesced_frames = now->tx_frames,
		.use_adaptive_rx_coalesce = now->adaptive_rx,
	};
	return 0;
}

/* Any other parameter is one that the driver does not have. */
static int set_coalesce(struct nic *nic, const struct ethtool_coalesce *c)
{
	struct ethtool_coalesce known = {
		.cmd = c->cmd,
		.rx_coalesce_usecs = c->rx_coalesce_usecs,
		.rx_max_coalesced_frames = c->rx_max_coalesced_frames,
		.tx_coalesce_usecs = c->tx_coalesce_usecs,
		.tx_max_coalesced_frames = c->tx_max_coalesced_frames,
		.use_adaptive_rx_coalesce = c->use_adaptive_rx_coalesce,
	};
	struct nic_coalesce set = {
		.rx_usecs = (nsec_t)c->rx_coalesce_usecs * NSEC_PER_USEC,
		.rx_frames = c->rx_max_coalesced_frames,
		.tx_usecs = (nsec_t)c->tx_coalesce_usecs * NSEC_PER_USEC,
		.tx_frames = c->tx_max_coalesced_frames,
		.adaptive_rx = c->use_adaptive_rx_coalesce,
	};

	if (memcmp(&known, c, sizeof(known)) != 0)
		return -EOPNOTSUPP;
	return nic_set_coalesce(nic->dev, &set);
}

/* ---- RSS ------------------------------------------------------------------------------------- */

/* 0 entries: how many there are. */
static int get_indir(struct nic *nic, struct ethtool_rxfh_indir *t)
{
	u32 given = t->size;

	t->size = RSS_INDIR_SIZE;
	if (!given)
		return 0;
	if (given < RSS_INDIR_SIZE)
		return -EINVAL;
	for (int i = 0; i < RSS_INDIR_SIZE; i++)
		t->ring_index[i] = nic->indir[i];
	return 0;
}

static int set_table(struct nic *nic, const u32 *entries)
{
	u8 table[RSS_INDIR_SIZE];
	int err;

	for (int i = 0; i < RSS_INDIR_SIZE; i++) {
		if (entries[i] >= (u32)nic->p.rx_queues)
			return -EINVAL;
		table[i] = (u8)entries[i];
	}
	err = nic_set_indir(nic->dev, table, RSS_INDIR_SIZE);
	if (!err)
		nic->indir_set = true;
	return err;
}

static void default_table(struct nic *nic)
{
	nic->indir_set = false;
	nic_default_indir(nic);
}

static int set_indir(struct nic *nic, const struct ethtool_rxfh_indir *t)
{
	if (!t->size) {
		default_table(nic);
		return 0;
	}
	return t->size == RSS_INDIR_SIZE ? set_table(nic, t->ring_index) : -EINVAL;
}

static int get_rssh(struct nic *nic, struct ethtool_rxfh *r)
{
	u32 indir = r->indir_size, key = r->key_size;

	if (r->rss_context)
		return -EOPNOTSUPP;
	if (r->rsvd8[0] || r->rsvd8[1] || r->rsvd32)
		return -EINVAL;
	r->hfunc = ETH_RSS_HASH_TOP;
	r->indir_size = RSS_INDIR_SIZE;
	r->key_size = RSS_KEY_LEN;
	if ((indir && indir != RSS_INDIR_SIZE) || (key && key != RSS_KEY_LEN))
		return -EINVAL;
	for (u32 i = 0; i < indir; i++)
		r->rss_config[i] = nic->indir[i];
	if (key)
		memcpy((u8 *)(r->rss_config + indir), nic->p.rss_key, key);
	return 0;
}

static int set_rssh(struct nic *nic, const struct ethtool_rxfh *r)
{
	bool table = r->indir_size && r->indir_size != ETH_RXFH_INDIR_NO_CHANGE;
	int err = 0;

	if (r->rss_context)
		return -EOPNOTSUPP;
	if (r->rsvd8[0] || r->rsvd8[1] || r->rsvd32 || (table && r->indir_size != RSS_INDIR_SIZE) ||
	    (r->key_size && r->key_size != RSS_KEY_LEN))
		return -EINVAL;
	if (r->indir_size == ETH_RXFH_INDIR_NO_CHANGE && !r->key_size && !r->hfunc)
		return -EINVAL;
	if (r->hfunc && r->hfunc != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	if (table)
		err = set_table(nic, r->rss_config);
	else if (!r->indir_size)
		default_table(nic);
	if (err || !r->key_size)
		return err;
	return nic_set_rss_key(nic->dev, (const u8 *)(r->rss_config + (table ? r->indir_size : 0)),
			       RSS_KEY_LEN);
}

static int get_rxnfc(struct nic *nic, struct ethtool_rxnfc *r)
{
	r->data = (u64)nic->p.rx_queues;
	return 0;
}

static int get_drvinfo(struct nic *nic, struct ethtool_drvinfo *d)
{
	u32 cmd = d->cmd;

	memset(d, 0, sizeof(*d));
	d->cmd = cmd;
	snprintf(d->driver, sizeof(d->driver), "sockloom");
	snprintf(d->version, sizeof(d->version), "6.18");
	d->n_stats = nic_ethtool_count(nic->dev);
	return 0;
}

int nic_ethtool(struct net_device *dev, void *data)
{
	struct nic *nic = nic_of(dev);
	u32 cmd;

	memcpy(&cmd, data, sizeof(cmd));
	switch (cmd) {
	case ETHTOOL_GDRVINFO:
		return get_drvinfo(nic, data);
	case ETHTOOL_GRINGPARAM:
		return get_ring(nic, data);
	case ETHTOOL_SRINGPARAM:
		return set_ring(nic, data);
	case ETHTOOL_GCHANNELS:
		return get_channels(nic, data);
	case ETHTOOL_SCHANNELS:
		return set_channels(nic, data);
	case ETHTOOL_GCOALESCE:
		return get_coalesce(nic, data);
	case ETHTOOL_SCOALESCE:
		return set_coalesce(nic, data);
	case ETHTOOL_GRXRINGS:
		return get_rxnfc(nic, data);
	case ETHTOOL_GRXFHINDIR:
		return get_indir(nic, data);
	case ETHTOOL_SRXFHINDIR:
		return set_indir(nic, data);
	case ETHTOOL_GRSSH:
		return get_rssh(nic, data);
	case ETHTOOL_SRSSH:
		return set_rssh(nic, data);
	default:
		return -EOPNOTSUPP;
	}
}

/* ---- counters -------------------------------------------------------------------------------- */

static void count_one(void *ctx, const char *name, u64 v)
{
	++*(u32 *)ctx;
}

u32 nic_ethtool_count(struct net_device *dev)
{
	u32 n = 0;

	if (dev->ops->counters)
		dev->ops->counters(dev, count_one, &n);
	return n;
}
