/* SPDX-License-Identifier: MIT */
/*
 * A trace that writes the rows of the lower layers as text, for tests of sim/. Included by one file
 * of a test program; it takes the place of sim/engine/trace.c there.
 */
#ifndef TESTS_UNIT_FAKE_TRACE_H
#define TESTS_UNIT_FAKE_TRACE_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/engine/trace.h"

struct trace {
	char text[16384];
	size_t len;
	bool muted;
};

static void __printf_like(2, 3) fake_trace_add(struct trace *tr, const char *fmt, ...)
{
	va_list ap;

	if (tr->muted)
		return;
	va_start(ap, fmt);
	tr->len += (size_t)vsnprintf(tr->text + tr->len, sizeof(tr->text) - tr->len, fmt, ap);
	va_end(ap);
	assert(tr->len < sizeof(tr->text));
}

void trace_choice(struct trace *tr, nsec_t t, u32 host, const char *kind, u32 nth, u32 n, u32 value)
{
	fake_trace_add(tr, "%lld h%u choice %s %u of %u: %u\n", (long long)t, host, kind, nth, n,
		       value);
}

void trace_host(struct trace *tr, u32 id, const char *name, int ncpu)
{
}

void trace_cpu(struct trace *tr, u32 host, int cpu, nsec_t hardirq, nsec_t softirq, nsec_t task,
	       nsec_t idle)
{
	fake_trace_add(tr, "h%u cpu%d hardirq %lld softirq %lld task %lld idle %lld\n", host, cpu,
		       (long long)hardirq, (long long)softirq, (long long)task, (long long)idle);
}

void trace_irq(struct trace *tr, nsec_t t, u32 host, int irq, int cpu, const char *what)
{
	fake_trace_add(tr, "%lld cpu%d irq%d %s\n", (long long)t, cpu, irq, what);
}

void trace_sched(struct trace *tr, nsec_t t, u32 host, int cpu, int tid, const char *what,
		 const char *wait)
{
	fake_trace_add(tr, "%lld cpu%d task%d %s%s%s\n", (long long)t, cpu, tid, what,
		       wait ? " " : "", wait ? wait : "");
}

void trace_task(struct trace *tr, const struct trace_task *row)
{
	fake_trace_add(tr, "task%d %s status %d cpu_time %lld\n", row->tid, row->name, row->status,
		       (long long)row->cpu_time);
}

#endif
