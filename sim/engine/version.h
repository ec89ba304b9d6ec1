/* SPDX-License-Identifier: MIT */
/*
 * The version that a trace records. Replaying a trace needs the version that wrote it, so this changes
 * with every change that may alter a run.
 */
#ifndef SIM_ENGINE_VERSION_H
#define SIM_ENGINE_VERSION_H

#define SOCKLOOM_VERSION "0.1.0"

#endif
