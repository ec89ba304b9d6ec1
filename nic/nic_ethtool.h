/* SPDX-License-Identifier: MIT */
/*
 * ethtool(8)'s commands of the NIC.
 */
#ifndef NIC_NIC_ETHTOOL_H
#define NIC_NIC_ETHTOOL_H

#include "nic/netdev.h"

/*
 * Carries out the command that data begins with, in place; data has room for what it answers. 0 or negative
 * errno, -EOPNOTSUPP: no such command. For net_device_ops.ethtool.
 */
int nic_ethtool(struct net_device *dev, void *data);
/* How many counters a device has. */
u32 nic_ethtool_count(struct net_device *dev);

#endif
