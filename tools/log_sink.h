/* SPDX-License-Identifier: MIT */
/*
 * Prints what programs print, as they do it: "1.234ms client: text".
 */
#ifndef TOOLS_LOG_SINK_H
#define TOOLS_LOG_SINK_H

#include <stdio.h>

#include "sim/engine/trace.h"

/* A sink for trace_add_sink(); f stays the caller's. */
struct trace_sink *log_sink_new(FILE *f);

#endif
