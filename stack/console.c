/* SPDX-License-Identifier: MIT */
/*
 * Descriptors 0, 1 and 2 of a process that a scenario starts: reading ends at once, what is written
 * becomes rows of the trace's log, one for each write(2).
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "sim/engine/trace.h"
#include "stack/syscall.h"

static s64 console_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	return 0;
}

static s64 console_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	const char *stream = f->priv ? "stderr" : "stdout";
	char *text;

	if (from->count == 1) {
		trace_log(f->host->sim->trace, host_now(f->host), f->host->id, t->tid, stream,
			  from->iov[0].iov_base, from->total);
		return (s64)from->total;
	}
	text = xcalloc(1, from->total + 1);
	iov_copy_from(from, 0, text, from->total);
	trace_log(f->host->sim->trace, host_now(f->host), f->host->id, t->tid, stream, text,
		  from->total);
	free(text);
	return (s64)from->total;
}

static u32 console_poll(struct file *f, struct poll_table *pt)
{
	return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
}

static const struct file_ops console_ops = {
	.kind = "console",
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
};

void console_install(struct files_struct *fs)
{
	static const u32 flags[] = { O_RDONLY, O_WRONLY, O_WRONLY };

	assert(!fs->nfd);
	fs->nfd = 8;
	fs->fd = xcalloc(fs->nfd, sizeof(*fs->fd));
	/* priv tells standard error from standard output; it is never followed. */
	for (int i = 0; i < 3; i++)
		fs->fd[i].file = file_new(fs->host, &console_ops, i == 2 ? fs : NULL, flags[i],
					  S_IFCHR | 0620);
	fs->next_hint = 3;
}
