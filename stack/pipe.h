/* SPDX-License-Identifier: MIT */
/*
 * The inside of a pipe, for pipe.c and what moves buffers between pipes and files: splice.c.
 */
#ifndef STACK_PIPE_H
#define STACK_PIPE_H

#include "stack/file.h"

#define PIPE_PAGE 4096u

struct pipe_page {
	u8 data[PIPE_PAGE];
};

struct pipe_buf {
	struct pipe_page *page;
	u32 off, len;
	bool packet; /* O_DIRECT: one read takes one write */
};

struct pipe {
	struct host *host;
	struct wait_queue_head rd_wait, wr_wait;
	struct pipe_buf *bufs; /* a ring of nbufs, a power of two */
	u32 nbufs, head, tail; /* free running */
	struct file *reader, *writer; /* NULL: closed */
	bool poll_usage; /* somebody polled it: from then on each write wakes readers */
};

/* NULL: it is no pipe. */
struct pipe *pipe_of(const struct file *f);

struct pool *pipe_page_pool(struct host *h);

static inline bool pipe_empty(const struct pipe *p)
{
	return p->head == p->tail;
}

static inline bool pipe_full(const struct pipe *p)
{
	return p->head - p->tail >= p->nbufs;
}

static inline struct pipe_buf *pipe_slot(struct pipe *p, u32 i)
{
	return &p->bufs[i & (p->nbufs - 1)];
}

void pipe_wake_readers(struct pipe *p);
void pipe_wake_writers(struct pipe *p);
/* Nobody reads any more: SIGPIPE. done, or -EPIPE when that is 0. */
s64 pipe_broken(struct task *t, size_t done);

#endif
