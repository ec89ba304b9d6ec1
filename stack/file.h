/* SPDX-License-Identifier: MIT */
/*
 * Open file descriptions and descriptor tables.
 *
 * struct file is the open file description: shared by dup(), fork() and SCM_RIGHTS, with the status
 * flags. struct files_struct is a process's descriptor table, shared by its threads (and by clone
 * with CLONE_FILES). Sockets, pipes, eventfds, timerfds, epoll instances and files of the simulated
 * file system are kinds of file with their own file_ops.
 */
#ifndef STACK_FILE_H
#define STACK_FILE_H

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include "sim/host/task.h"

struct file;
struct poll_table;
struct stat;

/* User buffers of a call, in simulator memory, valid until the call has returned. */
struct iov_iter {
	const struct iovec *iov;
	int count;
	size_t total; /* bytes over all of them */
};
/* Copy between a flat piece and [off, off+len) of an iterator. */
void iov_copy_to(const struct iov_iter *it, size_t off, const void *from, size_t len);
void iov_copy_from(const struct iov_iter *it, size_t off, void *to, size_t len);

struct file_ops {
	const char *kind; /* "socket", "pipe", "eventfd"...; static */
	/* Results as read(2) and write(2), negative errno, or -EPARK (syscall.h). NULL: EINVAL. */
	s64 (*read)(struct task *t, struct file *f, const struct iov_iter *to);
	s64 (*write)(struct task *t, struct file *f, const struct iov_iter *from);
	/*
	 * Current events (EPOLL*); links pt to the file's wait queues by poll_wait() when pt is not
	 * NULL.
	 */
	u32 (*poll)(struct file *f, struct poll_table *pt);
	s64 (*ioctl)(struct task *t, struct file *f, unsigned cmd, void *arg);
	/* O_ASYNC was switched; NULL where it has no effect. */
	int (*fasync)(struct file *f, bool on);
	/*
	 * close(2) of the last descriptor; t may be NULL at tear-down. May return -EPARK
	 * (SO_LINGER): the description stays until the call has returned.
	 */
	s64 (*release)(struct task *t, struct file *f);
	/* lseek(2) and fstat(2), of kinds that have their own. */
	s64 (*llseek)(struct task *t, struct file *f, s64 off, int whence);
	s64 (*getattr)(struct task *t, struct file *f, struct stat *st);
	/* getdents64(2); NULL: ENOTDIR. */
	s64 (*getdents)(struct task *t, struct file *f, void *buf, size_t len);
	/*
	 * Files of the real system under hosted programs; NULL for simulated ones. base: the
	 * lowest number for it in t's table; installed: it has got a number there by a call of t;
	 * displaced: dup2(2) has put a simulated file at its number.
	 */
	int (*base)(struct task *t);
	void (*installed)(struct task *t, struct file *f, int fd, bool cloexec);
	void (*displaced)(struct task *t, int fd);
	/*
	 * mmap(2) of len bytes at offset: a descriptor of the simulator's that the program is to map
	 * instead, or negative errno. NULL: ENODEV.
	 */
	int (*mmap)(struct file *f, u64 len, u64 offset);
	/* Optional: read at a position, without moving that of the description (sendfile). */
	s64 (*read_at)(struct file *f, void *buf, size_t len, u64 pos);
	/* Optional: where the description stands, which is then moved by so much. */
	u64 (*position)(struct file *f, s64 by);
	/* What a link of /proc/PID/fd points to; NULL: by the kind. Valid until the next call. */
	const char *(*name)(struct file *f);
};

/*
 * Descriptors of native files in hosted programs: [FD_NATIVE_BASE, FD_NATIVE_BASE + FD_NATIVE_COUNT),
 * which no simulated file of such a program gets. See sim/process/hosted_priv.h.
 */
#define FD_NATIVE_BASE 8192
#define FD_NATIVE_COUNT 4096

struct file {
	u32 refs;
	u32 flags; /* O_NONBLOCK, O_ASYNC, O_APPEND and the access mode */
	const struct file_ops *ops;
	void *priv;
	struct host *host;
	u64 id;	   /* unique on the host, in order of creation */
	u64 ino;   /* for fstat; id, but that both ends of a pipe have one */
	u32 mode;  /* S_IFMT bits for fstat */
	u64 pos;
	struct list_head epitems; /* epoll registrations of this description; eventpoll.c */
	/* F_SETOWN and F_SETSIG */
	int owner_pid; /* negative: process group; 0: none */
	bool owner_thread;
	int owner_sig;
	u32 owner_ruid, owner_euid; /* of who set it: the owner must be one whom he may signal */
	int async_fd; /* si_fd of the signals: the descriptor that O_ASYNC was set on */
};

/* A new description with one reference. */
struct file *file_new(struct host *h, const struct file_ops *ops, void *priv, u32 flags, u32 mode);
void file_get(struct file *f);
/* Drops a reference; the last one releases. 0, or release()'s result. */
s64 file_put(struct task *t, struct file *f);

/* fstat(2) of a description. */
s64 file_stat(struct task *t, struct file *f, struct stat *st);

struct fd_slot {
	struct file *file;
	bool cloexec;
	bool reserved; /* taken by a call that waits for its file (accept) */
};
struct files_struct {
	u32 refs;
	struct host *host;
	struct fd_slot *fd; /* grows; lowest free number is handed out */
	u32 nfd;
	u32 top; /* beyond the highest number that a simulated file ever had */
	u32 next_hint;
};

struct files_struct *files_new(struct host *h);
struct files_struct *files_dup(struct files_struct *old); /* fork() */
void files_get(struct files_struct *fs);
void files_put(struct task *t, struct files_struct *fs);
/*
 * The file of a descriptor that a call names, no reference taken; NULL: EBADF. A call that parks
 * keeps the file it began with, as the kernel's does, even when another thread closes the
 * descriptor.
 */
struct file *fd_file(struct task *t, int fd);
/* What the table has now. */
struct file *fd_lookup(struct files_struct *fs, int fd);
/* Takes the lowest free number >= min_fd without a file; the number, or -EMFILE. */
int fd_reserve(struct task *t, int min_fd);
/* Gives a reserved number its file (the reference moves), or back when f is NULL. */
void fd_fill(struct task *t, int fd, struct file *f, bool cloexec);
/* Takes the file out of the table; the caller gets its reference. NULL: EBADF. */
struct file *fd_remove(struct files_struct *fs, int fd);
/* Installs f (its reference moves) at the lowest number >= min_fd. The number, or -EMFILE. */
int fd_install(struct task *t, struct file *f, int min_fd, bool cloexec);

/* Links waiters of poll, select and epoll to a file's wait queues. */
struct poll_table {
	void (*queue)(struct poll_table *pt, struct wait_queue_head *q);
	u32 events; /* of interest */
};
static inline void poll_wait(struct poll_table *pt, struct wait_queue_head *q)
{
	if (pt && pt->queue)
		pt->queue(pt, q);
}

/* Puts f (its reference moves) at this very number, which is free. */
void fd_place(struct files_struct *fs, int fd, struct file *f, bool cloexec);

/* F_GETPIPE_SZ and F_SETPIPE_SZ; -EBADF for what is no pipe. */
s64 pipe_fcntl(struct task *t, struct file *f, int cmd, s64 arg);
/* eventpoll.c: the description goes, and with it its registrations. */
void eventpoll_release_file(struct file *f);
/*
 * Descriptors 0, 1 and 2 of a new process: input that ends at once, output to the trace; console.c.
 */
void console_install(struct files_struct *fs);
/* What has been written of a line that has not ended becomes a row; nothing for other files. */
void console_flush(struct file *f);

/* lseek(2) of files without a position that let it pass: 0. */
s64 noop_llseek(struct task *t, struct file *f, s64 off, int whence);

/* ---- file_owner.c ---- */
/* F_SETOWN and FIOSETOWN: a process, or the group -pid; 0: nobody. */
s64 file_set_owner(struct task *t, struct file *f, int pid);
/* F_GETOWN: 0 when the owner is gone. */
int file_owner(const struct file *f);
/* fcntl(2)'s commands about owners and signals; -EINVAL for all others. */
s64 file_owner_fcntl(struct task *t, struct file *f, int cmd, s64 arg);
/* SIGIO (or F_SETSIG's signal) to the owner: code POLL_IN, POLL_OUT... */
void kill_fasync(struct file *f, int code);
/* SIGURG to the owner, whether O_ASYNC is set or not, and SIGIO with POLL_PRI if it is. */
void send_sigurg_owner(struct file *f);

#endif
