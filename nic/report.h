/* SPDX-License-Identifier: MIT */
/*
 * Counters of nic/ at the end of a run.
 */
#ifndef NIC_REPORT_H
#define NIC_REPORT_H

struct world;

/*
 * Writes the counters of links, switches, devices, disciplines and CPUs (softnet) to the trace. Objects that
 * saw nothing are left out. Called once, before the trace is closed.
 */
void nic_report_counters(struct world *w);

#endif
