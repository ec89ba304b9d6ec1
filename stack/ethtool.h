/* SPDX-License-Identifier: MIT */
/*
 * SIOCETHTOOL: the structures of linux/ethtool.h begin with a command, which says how long they are.
 */
#ifndef STACK_ETHTOOL_H
#define STACK_ETHTOOL_H

#include "stack/sock.h"

#define ETHTOOL_ROOM 65536u /* more than any command here reads or writes */

/* Bytes of the fixed part of a command's structure; 0: no such command here. */
u32 ethtool_head(u32 cmd);
/* Bytes that the command reads, before it is carried out; the fixed part is there. */
u32 ethtool_in_size(const void *data);
/* Bytes that there is room for, before, and those that it has written, after. */
u32 ethtool_room(const void *data);
u32 ethtool_out_size(const void *data);
/* data: ETHTOOL_ROOM bytes that begin with the command. 0 or negative errno. */
s64 dev_ethtool(struct task *t, struct net_device *dev, void *data);

#endif
