/* SPDX-License-Identifier: MIT */
/*
 * A running world as text: tasks and what they wait for, sockets as ss(8) lists them, NIC queues.
 */
#ifndef TOOLS_STATE_H
#define TOOLS_STATE_H

#include <stdio.h>

struct world;

/* Hosts in order; parts that are empty are left out. */
void state_print(struct world *w, FILE *f);

#endif
