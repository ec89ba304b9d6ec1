/* SPDX-License-Identifier: MIT */
/*
 * One scripted process on a host with a stack: the frame of most tests of the system calls.
 *
 * Tests that use nothing but script.h's interface and vrun() say the same of Linux: native.c runs
 * them there.
 */
#ifndef TESTS_UNIT_SUPPORT_VRUN_H
#define TESTS_UNIT_SUPPORT_VRUN_H

#include "tests/unit/support/script.h"

/* Runs fn as a process on a host of ncpu CPUs until it has ended; fails if it waits for ever. */
void vrun_cpus(vproc_fn fn, int ncpu);
#define vrun(fn) vrun_cpus(fn, 2)

#endif
