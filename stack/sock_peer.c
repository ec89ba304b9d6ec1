/* SPDX-License-Identifier: MIT */
/*
 * Peers of AF_UNIX sockets: SO_PEERCRED, SO_PEERGROUPS, SO_PEERPIDFD, SO_PEERSEC (unix(7); net/core/sock.c
 * and net/unix/af_unix.c in Linux 6.18). Labels behave as SELinux's do: connected stream and seqpacket
 * sockets have them, their length counts the final NUL; without labels the option does not exist.
 */
#include "stack/sock_peer.h"

#include <stdlib.h>
#include <string.h>

#include "sim/host/process.h"
#include "stack/pidfd.h"
#include "stack/sockopt.h"

void sock_peer_drop(struct sock *sk)
{
	struct sock_peer *p = sk->peer_id;

	sk->peer_id = NULL;
	if (!p || --p->refs)
		return;
	pid_ref_put(p->pid);
	free(p);
}

void sock_peer_set(struct sock *sk, const struct task *t)
{
	struct cred c = process_cred(t->proc);
	struct sock_peer *p = xcalloc(1, sizeof(*p) + c.ngroups * sizeof(p->groups[0]));

	p->refs = 1;
	p->uid = c.euid;
	p->gid = c.egid;
	p->pid = pid_ref_of(t->proc);
	p->label = process_attr(t->proc)->label;
	p->ngroups = c.ngroups;
	if (c.ngroups)
		memcpy(p->groups, c.groups, c.ngroups * sizeof(p->groups[0]));
	sock_peer_drop(sk);
	sk->peer_id = p;
}

void sock_peer_share(struct sock *sk, const struct sock *from)
{
	struct sock_peer *p = from->peer_id;

	if (p)
		p->refs++;
	sock_peer_drop(sk);
	sk->peer_id = p;
}

/* ---- options --------------------------------------------------------------------------------- */

s64 so_peercred_get(struct sockopt_arg *a)
{
	const struct sock_peer *p = a->sk->peer_id;
	struct ucred cred = { .uid = UINT32_MAX, .gid = UINT32_MAX };

	if (p)
		cred = (struct ucred){ .pid = p->pid->ref.pid, .uid = p->uid, .gid = p->gid };
	return sockopt_return(a, &cred, sizeof(cred));
}

s64 so_peergroups_get(struct sockopt_arg *a)
{
	const struct sock_peer *p = a->sk->peer_id;
	socklen_t len;

	if (!p)
		return -ENODATA;
	len = p->ngroups * (socklen_t)sizeof(p->groups[0]);
	if (a->len < len) {
		a->len = len; /* told with the error */
		return -ERANGE;
	}
	return sockopt_return(a, p->groups, len);
}

s64 so_peerpidfd_get(struct sockopt_arg *a)
{
	const struct sock_peer *p = a->sk->peer_id;
	int fd;

	if (!p)
		return -ENODATA;
	fd = fd_reserve(a->t, 0);
	if (fd < 0)
		return fd;
	pidfd_fill_ref(a->t, fd, p->pid, 0);
	return sockopt_return(a, &fd, sizeof(fd));
}

s64 so_peersec_get(struct sockopt_arg *a)
{
	const struct sock_peer *p = a->sk->peer_id;
	socklen_t len;

	if (a->sk->type == SOCK_DGRAM || !p || !p->label)
		return -ENOPROTOOPT;
	len = (socklen_t)strlen(p->label) + 1;
	if (a->len < len) {
		a->len = len;
		return -ERANGE;
	}
	return sockopt_return(a, p->label, len);
}
