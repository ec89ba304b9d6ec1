/* SPDX-License-Identifier: MIT */
/*
 * Descriptors 0, 1 and 2 of a process that a scenario starts: reading ends at once, what is written
 * becomes rows of the trace's log. One row for each write(2) that ends a line; what programs write in
 * smaller pieces (unbuffered standard error) is put together first.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/engine/trace.h"
#include "stack/net.h"
#include "stack/syscall_priv.h"

#define LINE_MAX_KEPT 4096 /* a line this long becomes a row before its end */

/* The beginning of a line that has not ended; priv of the file, NULL: there is none. */
struct partial {
	size_t len;
	int tid;
	char text[LINE_MAX_KEPT];
};

static const struct file_ops stdout_ops, stderr_ops;

static void row(struct file *f, int tid, const char *text, size_t len)
{
	trace_log(f->host->sim->trace, host_now(f->host), f->host->id, tid,
		  f->ops == &stderr_ops ? "stderr" : "stdout", text, len);
}

static bool is_console(const struct file *f)
{
	return f && (f->ops == &stdout_ops || f->ops == &stderr_ops);
}

void console_flush(struct file *f)
{
	struct partial *p;

	if (!is_console(f) || !f->priv)
		return;
	p = f->priv;
	row(f, p->tid, p->text, p->len);
	free(p);
	f->priv = NULL;
}

static void keep(struct file *f, int tid, const char *text, size_t len)
{
	struct partial *p = f->priv;

	if (!p)
		f->priv = p = xcalloc(1, sizeof(*p));
	memcpy(p->text + p->len, text, len);
	p->len += len;
	p->tid = tid;
}

static void output(struct file *f, int tid, const char *text, size_t len)
{
	struct partial *p = f->priv;

	if (!len)
		return;
	if (p && p->len + len > sizeof(p->text))
		console_flush(f);
	p = f->priv;
	if (len > sizeof(p->text) || (!p && text[len - 1] == '\n')) {
		row(f, tid, text, len);
		return;
	}
	keep(f, tid, text, len);
	if (text[len - 1] == '\n')
		console_flush(f);
}

static s64 console_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	return 0;
}

static s64 console_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	char *text;

	if (from->count == 1) {
		output(f, t->tid, from->iov[0].iov_base, from->total);
		return (s64)from->total;
	}
	text = xcalloc(1, from->total + 1);
	iov_copy_from(from, 0, text, from->total);
	output(f, t->tid, text, from->total);
	free(text);
	return (s64)from->total;
}

static u32 console_poll(struct file *f, struct poll_table *pt)
{
	return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
}

/* At tear-down of the host the trace is over: console_flush() has been called. */
static s64 console_release(struct task *t, struct file *f)
{
	if (!f->host->net || !f->host->net->dying)
		console_flush(f);
	free(f->priv);
	return 0;
}

#define CONSOLE_OPS                                                                                \
	.kind = "console", .read = console_read, .write = console_write, .poll = console_poll,    \
	.release = console_release

static const struct file_ops stdout_ops = { CONSOLE_OPS };
static const struct file_ops stderr_ops = { CONSOLE_OPS };

void console_install(struct files_struct *fs)
{
	static const u32 flags[] = { O_RDONLY, O_WRONLY, O_WRONLY };

	assert(!fs->nfd);
	fs->nfd = 8;
	fs->fd = xcalloc(fs->nfd, sizeof(*fs->fd));
	for (int i = 0; i < 3; i++)
		fs->fd[i].file = file_new(fs->host, i == 2 ? &stderr_ops : &stdout_ops, NULL,
					  flags[i], S_IFCHR | 0620);
	fs->next_hint = 3;
}
