/* SPDX-License-Identifier: MIT */
#ifndef NIC_LOOPBACK_H
#define NIC_LOOPBACK_H

struct host;

/* Makes the device "lo"; the first of its host. */
void loopback_new(struct host *h);

#endif
