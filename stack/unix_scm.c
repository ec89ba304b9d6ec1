/* SPDX-License-Identifier: MIT */
/*
 * Ancillary messages of AF_UNIX (unix(7), "Ancillary messages"; cmsg(3)): SCM_RIGHTS and
 * SCM_CREDENTIALS, SCM_PIDFD, SCM_SECURITY.
 *
 * A file in a message holds a reference like a descriptor does, and counts against the sender's
 * RLIMIT_NOFILE while it is in flight. Credentials are put on a message when either end has set
 * SO_PASSCRED or nobody has accepted the connection yet; a receiver that asks where there are none
 * gets pid 0 and the overflow ids. Labels (SCM_SECURITY) are those of the sending socket.
 *
 * Files are let go of one list at a time, by the outermost caller: to close a socket is to free the
 * messages in its queue, which may hold the last reference to another socket, and so on.
 */
#include <limits.h>
#include <string.h>

#include "sim/host/process.h"
#include "stack/af_unix.h"
#include "stack/capability.h"
#include "stack/pidfd.h"
#include "stack/stack_world.h"
#include "stack/syscall.h"

#ifndef SCM_SECURITY
#define SCM_SECURITY 3
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif
#define OVERFLOW_ID 65534u

/* ---- lists of files -------------------------------------------------------------------------- */

static struct pool *fp_pool(struct net *net)
{
	return stack_pool(stack_world_of(net->host), "scm-fp", sizeof(struct scm_fp_list));
}

static struct scm_fp_list *fp_alloc(struct net *net, const struct task *t)
{
	struct scm_fp_list *fpl = pool_alloc(fp_pool(net));

	list_init(&fpl->node);
	fpl->count = 0;
	fpl->uid = t->proc->uid;
	return fpl;
}

static void fp_put_files(struct net *net, struct scm_fp_list *fpl)
{
	for (u32 i = 0; i < fpl->count; i++)
		file_put(NULL, fpl->fp[i]);
	pool_free(fp_pool(net), fpl);
}

static void fp_free(struct net *net, struct scm_fp_list *fpl)
{
	struct unix_table *tab = unix_table(net);

	list_add_tail(&fpl->node, &tab->fput);
	if (tab->fput_busy)
		return;
	tab->fput_busy = true;
	while (!list_empty(&tab->fput)) {
		fpl = list_first_entry(&tab->fput, struct scm_fp_list, node);
		list_del_init(&fpl->node);
		fp_put_files(net, fpl);
	}
	tab->fput_busy = false;
}

static void scm_drop_files(struct sock *sk, struct scm_cookie *scm)
{
	if (scm->fp)
		fp_free(sk->net, scm->fp);
	scm->fp = NULL;
}

void scm_destroy(struct sock *sk, struct scm_cookie *scm)
{
	scm_drop_files(sk, scm);
	pid_ref_put(scm->pid);
	scm->pid = NULL;
}

/* ---- sending --------------------------------------------------------------------------------- */

static s64 send_rights(struct task *t, struct sock *sk, const u8 *data, size_t len,
		       struct scm_cookie *scm)
{
	size_t n = len / sizeof(int);

	if (!n)
		return 0;
	if (n > SCM_MAX_FD)
		return -EINVAL;
	if (!scm->fp)
		scm->fp = fp_alloc(sk->net, t);
	if (scm->fp->count + n > SCM_MAX_FD)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		struct file *f;
		int fd;

		memcpy(&fd, data + i * sizeof(int), sizeof(int));
		f = fd_lookup(t->proc->files, fd);
		if (!f)
			return -EBADF;
		file_get(f);
		scm->fp->fp[scm->fp->count++] = f;
	}
	return 0;
}

/* Somebody else's credentials need capabilities, and a process that exists. */
static s64 send_creds(struct task *t, const u8 *data, size_t len, struct scm_cookie *scm)
{
	const struct process *p = t->proc;
	struct cred own = process_cred(p);
	struct process *other;
	struct ucred cred;

	if (len != sizeof(cred))
		return -EINVAL;
	memcpy(&cred, data, sizeof(cred));
	if ((cred.pid != p->pid && !capable(t, CAP_SYS_ADMIN)) ||
	    (cred.uid != own.ruid && cred.uid != own.euid && cred.uid != own.suid &&
	     !capable(t, CAP_SETUID)) ||
	    (cred.gid != own.rgid && cred.gid != own.egid && cred.gid != own.sgid &&
	     !capable(t, CAP_SETGID)))
		return -EPERM;
	other = cred.pid == p->pid ? t->proc : process_find_any(t->host, cred.pid);
	if (!other)
		return -ESRCH;
	if (cred.uid == UINT32_MAX || cred.gid == UINT32_MAX)
		return -EINVAL;
	pid_ref_put(scm->pid);
	*scm = (struct scm_cookie){ .fp = scm->fp, .has_creds = true, .pid = pid_ref_of(other),
				    .uid = cred.uid, .gid = cred.gid };
	return 0;
}

static s64 send_cmsg(struct task *t, struct sock *sk, const struct cmsghdr *h, const u8 *data,
		     struct scm_cookie *scm, unsigned how)
{
	size_t len = h->cmsg_len - sizeof(*h);

	switch (h->cmsg_type) {
	case SCM_RIGHTS:
		return how & SCM_NO_RIGHTS ? 0 : send_rights(t, sk, data, len, scm);
	case SCM_CREDENTIALS:
		return send_creds(t, data, len, scm);
	default:
		return -EINVAL;
	}
}

s64 scm_send(struct task *t, struct sock *sk, const struct msg *m, struct scm_cookie *scm,
	     unsigned how)
{
	const u8 *p = m->control;
	size_t left = m->control ? m->controllen : 0;
	s64 err = 0;

	*scm = (struct scm_cookie){ .uid = UINT32_MAX, .gid = UINT32_MAX };
	while (left >= sizeof(struct cmsghdr) && !err) {
		struct cmsghdr h;
		size_t step;

		memcpy(&h, p, sizeof(h));
		if (h.cmsg_len < sizeof(h) || h.cmsg_len > left)
			err = -EINVAL;
		else if (h.cmsg_level == SOL_SOCKET)
			err = send_cmsg(t, sk, &h, p + sizeof(h), scm, how);
		step = CMSG_ALIGN(h.cmsg_len);
		if (err || step >= left)
			break;
		p += step;
		left -= step;
	}
	if (err)
		scm_destroy(sk, scm);
	return err;
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Files in flight of one user of the host. */
struct unix_user {
	struct list_head node;
	u32 uid;
	u64 count;
};

static struct unix_user *user_find(struct unix_table *tab, u32 uid)
{
	struct unix_user *user;

	list_for_each_entry(user, &tab->users, node) {
		if (user->uid == uid)
			return user;
	}
	return NULL;
}

static struct pool *user_pool(struct net *net)
{
	return stack_pool(stack_world_of(net->host), "unix-user", sizeof(struct unix_user));
}

static void user_charge(struct net *net, const struct scm_fp_list *fpl)
{
	struct unix_table *tab = unix_table(net);
	struct unix_user *user = user_find(tab, fpl->uid);

	if (!user) {
		user = pool_zalloc(user_pool(net));
		user->uid = fpl->uid;
		list_add_tail(&user->node, &tab->users);
	}
	user->count += fpl->count;
}

static void user_uncharge(struct net *net, const struct scm_fp_list *fpl)
{
	struct unix_user *user = user_find(net->unix_tab, fpl->uid);

	assert(user && user->count >= fpl->count);
	user->count -= fpl->count;
	if (user->count)
		return;
	list_del_init(&user->node);
	pool_free(user_pool(net), user);
}

/* other NULL: the sender's limit; else whether other takes files at all (SO_PASSRIGHTS). */
s64 unix_scm_check(struct task *t, struct sock *other, const struct scm_cookie *scm)
{
	struct unix_user *user;

	if (!scm->fp)
		return 0;
	if (other)
		return other->passrights ? 0 : -EPERM;
	user = user_find(unix_table(t->host->net), scm->fp->uid);
	if (!user || user->count <= t->proc->nofile)
		return 0;
	return capable(t, CAP_SYS_RESOURCE) || capable(t, CAP_SYS_ADMIN) ? 0 : -ETOOMANYREFS;
}

/* ---- on an skb ------------------------------------------------------------------------------- */

void unix_scm_to_skb(struct task *t, struct scm_cookie *scm, struct sk_buff *skb,
		     struct sock *other)
{
	struct unix_cb *cb = UNIXCB(skb);

	cb->fp = scm->fp;
	scm->fp = NULL;
	if (cb->fp)
		user_charge(other->net, cb->fp);
	cb->has_creds = true;
	cb->label = skb->sk->label;
	if (scm->has_creds) {
		cb->pid = scm->pid ? pid_ref_get(scm->pid) : NULL;
		cb->uid = scm->uid;
		cb->gid = scm->gid;
	} else if (sk_may_passcred(skb->sk) || sk_may_passcred(other) || !other->file) {
		cb->pid = pid_ref_of(t->proc);
		cb->uid = t->proc->uid;
		cb->gid = t->proc->gid;
	} else {
		cb->has_creds = false;
	}
}

void unix_skb_creds(struct scm_cookie *scm, struct sk_buff *skb)
{
	const struct unix_cb *cb = UNIXCB(skb);

	pid_ref_put(scm->pid);
	scm->has_creds = cb->has_creds;
	scm->pid = cb->pid ? pid_ref_get(cb->pid) : NULL;
	scm->label = cb->label;
	scm->uid = cb->uid;
	scm->gid = cb->gid;
}

bool unix_skb_creds_eq(const struct scm_cookie *scm, struct sk_buff *skb)
{
	const struct unix_cb *cb = UNIXCB(skb);

	return scm->pid == cb->pid && scm->uid == cb->uid && scm->gid == cb->gid &&
	       scm->label == cb->label;
}

void unix_skb_files(struct sock *sk, struct scm_cookie *scm, struct sk_buff *skb, bool peek)
{
	struct unix_cb *cb = UNIXCB(skb);

	scm_drop_files(sk, scm);
	if (peek) {
		scm->fp = pool_alloc(fp_pool(sk->net));
		*scm->fp = *cb->fp;
		list_init(&scm->fp->node);
		for (u32 i = 0; i < scm->fp->count; i++)
			file_get(scm->fp->fp[i]);
		return;
	}
	scm->fp = cb->fp;
	cb->fp = NULL;
	unix_notinflight(sk->net, scm->fp);
	user_uncharge(sk->net, scm->fp);
}

void unix_skb_drop_files(struct sock *sk, struct sk_buff *skb)
{
	struct scm_cookie scm = { 0 };

	unix_skb_files(sk, &scm, skb, false);
	scm_destroy(sk, &scm);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* As many as fit and find a descriptor; the others are gone, and MSG_CTRUNC says so. */
static void recv_rights(struct task *t, struct msg *m, const struct scm_fp_list *fpl, int flags)
{
	int fds[SCM_MAX_FD];
	size_t room = 0;
	u32 n = 0;

	if (m->controllen > sizeof(struct cmsghdr))
		room = (m->controllen - sizeof(struct cmsghdr)) / sizeof(int);
	while (n < fpl->count && n < room) {
		int fd;

		file_get(fpl->fp[n]);
		fd = fd_install(t, fpl->fp[n], 0, flags & MSG_CMSG_CLOEXEC);
		if (fd < 0) {
			file_put(NULL, fpl->fp[n]);
			break;
		}
		fds[n++] = fd;
	}
	if (n)
		put_cmsg(m, SOL_SOCKET, SCM_RIGHTS, n * (u32)sizeof(int), fds);
	if (n < fpl->count)
		m->flags |= MSG_CTRUNC;
}

/* Without room for it there is no descriptor either; why there is none takes its place. */
static void recv_pidfd(struct task *t, struct msg *m, const struct pid_ref *pid)
{
	int fd;

	if (m->controllen < sizeof(struct cmsghdr) + sizeof(fd)) {
		m->flags |= MSG_CTRUNC;
		return;
	}
	if (!pid)
		return;
	fd = fd_reserve(t, 0);
	if (fd >= 0)
		pidfd_fill_ref(t, fd, pid, 0);
	put_cmsg(m, SOL_SOCKET, SCM_PIDFD, sizeof(fd), &fd);
}

void scm_recv(struct task *t, struct sock *sk, struct msg *m, struct scm_cookie *scm, int flags)
{
	struct ucred cred = { .pid = scm->pid ? scm->pid->ref.pid : 0, .uid = scm->uid,
			      .gid = scm->gid };

	if (!m->control) {
		if (sk_may_passcred(sk) || scm->fp || (sk->passsec && scm->label))
			m->flags |= MSG_CTRUNC;
		scm_destroy(sk, scm);
		return;
	}
	if (!scm->has_creds) {
		cred.uid = OVERFLOW_ID;
		cred.gid = OVERFLOW_ID;
	}
	if (sk->passcred)
		put_cmsg(m, SOL_SOCKET, SCM_CREDENTIALS, sizeof(cred), &cred);
	if (sk->passsec && scm->label)
		put_cmsg(m, SOL_SOCKET, SCM_SECURITY, (u32)strlen(scm->label) + 1, scm->label);
	if (scm->fp)
		recv_rights(t, m, scm->fp, flags);
	if (sk->passpidfd)
		recv_pidfd(t, m, scm->pid);
	scm_destroy(sk, scm);
}
