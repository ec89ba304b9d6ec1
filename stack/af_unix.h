/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX (unix(7)): what its files share.
 *
 *   af_unix.c      birth and death of a socket, connections, shutdown, poll
 *   unix_name.c    names: bind, autobind, the table of a host
 *   unix_stream.c  SOCK_STREAM's data, with MSG_OOB
 *   unix_dgram.c   data of SOCK_DGRAM and SOCK_SEQPACKET
 *   unix_scm.c     what travels beside data: SCM_RIGHTS and SCM_CREDENTIALS
 *   unix_gc.c      sockets that only messages in flight refer to
 *
 * There is no device between the two ends: a sender puts its skb into the receiver's queue within
 * the call. Until it is read it counts as the sender's memory (wmem_alloc against SO_SNDBUF), and
 * it holds the sender. SO_RCVBUF means nothing. What bounds a datagram socket's queue is
 * net.unix.max_dgram_qlen, and a listening one's its backlog: senders and connecting tasks wait on
 * peer_wait of the receiver.
 *
 * References: a socket holds its peer, whether that is dead or not, until it is released itself.
 */
#ifndef STACK_AF_UNIX_H
#define STACK_AF_UNIX_H

#include <sys/un.h>

#include "sim/engine/rng.h"
#include "sim/host/process.h"
#include "stack/sock.h"
#include "stack/sock_peer.h"

struct scm_fp_list;

#define UNIX_PATH_OFFSET ((socklen_t)offsetof(struct sockaddr_un, sun_path))
#define UNIX_HASH_SIZE 64u
#define EPOLL_OUT_ALL (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

/* A name, shared by the socket that bound it, those it accepted, and the table of names. */
struct unix_address {
	struct list_head node; /* of the table; self-linked: no longer to be found */
	u32 refs;
	u32 hash;
	char *key;	    /* of a path: what it is known by; NULL: an abstract name */
	u16 type;	    /* an abstract name is one of a socket type */
	struct sock *owner; /* NULL: a path that nobody is bound to any more */
	u32 mode, uid, gid; /* of a path, for stat(2) */
	socklen_t len;
	union {
		struct sockaddr_un un;
		char bytes[sizeof(struct sockaddr_un) + 1];
	};
};

struct unix_sock {
	struct sock sk; /* first */
	struct unix_address *addr;
	struct sock *peer;     /* held */
	struct sock *listener; /* that will accept it; not held: it releases its embryos */
	struct wait_queue_head peer_wait; /* for room in receive_queue */
	struct wait_entry peer_wake;	  /* in peer's peer_wait: polled, no room there */
	struct sock *peer_wake_at;
	struct pid_ref *recv_pid; /* sender of what a read that waits for more has so far */
	struct sk_buff *oob_skb; /* in receive_queue: the latest byte sent with MSG_OOB */
	/* References by messages that have not been received; unix_gc.c. */
	struct list_head inflight_node;
	struct list_head gc_node; /* among those whose queue is still to be looked at */
	u32 inflight, gc_refs;
	bool gc_candidate, gc_reached;
};

/* In skb->cb. */
struct unix_cb {
	struct scm_fp_list *fp;
	u32 consumed;
	bool has_creds;
	bool peeked; /* an empty message: MSG_PEEK with SO_PEEK_OFF passes over it */
	u32 uid, gid;
	struct pid_ref *pid;
	const char *label; /* of the sending socket */
};

/* What a host keeps; made when the first name is bound or the first file sent. */
struct unix_table {
	struct list_head names[UNIX_HASH_SIZE];
	struct rng rng; /* where autobind begins to look */
	struct list_head inflight; /* struct unix_sock */
	struct list_head users;	   /* files in flight by uid; unix_scm.c */
	struct list_head fput;	   /* struct scm_fp_list to let go of */
	bool fput_busy, gc_busy;
};

/* Wants to know who sends: SO_PASSCRED or SO_PASSPIDFD. */
static inline bool sk_may_passcred(const struct sock *sk)
{
	return sk->passcred || sk->passpidfd;
}
static inline struct unix_sock *unix_sk(struct sock *sk)
{
	return (struct unix_sock *)sk;
}
static inline struct unix_cb *UNIXCB(struct sk_buff *skb)
{
	static_assert(sizeof(struct unix_cb) <= sizeof(skb->cb), "cb");
	return (struct unix_cb *)skb->cb;
}
/* Bytes that have not been read. */
static inline u32 unix_skb_len(struct sk_buff *skb)
{
	return skb->len - UNIXCB(skb)->consumed;
}
static inline bool unix_recvq_full(const struct sock *sk)
{
	return sk->receive_queue.qlen > sk->max_ack_backlog;
}
static inline struct sk_buff *unix_peek_next(const struct sock *sk, const struct sk_buff *skb)
{
	if (skb->node.next == &sk->receive_queue.list)
		return NULL;
	return list_entry(skb->node.next, struct sk_buff, node);
}

extern const struct proto_ops unix_stream_ops, unix_dgram_ops, unix_seqpacket_ops;

/* ---- af_unix.c ------------------------------------------------------------------------------- */

/* socket(2). */
s64 unix_create(struct task *t, struct net *net, int type, int protocol, struct sock **out);
bool unix_writable(const struct sock *sk);
/*
 * Waits until other has room (or is gone): -EPARK, to begin again when woken; or why not: -EAGAIN,
 * interrupted.
 */
s64 unix_wait_for_peer(struct task *t, struct sock *other, nsec_t timeo, const char *what);
/* peer_wait of sk: one waiter, or all of them. */
void unix_wake_peers(struct sock *sk, bool all);
/* True when other is full, and sk will be told of room there. */
bool unix_dgram_peer_wake_me(struct sock *sk, struct sock *other);
/* Ends that, and tells sk's pollers when it had been asked for. */
void unix_dgram_peer_wake_disconnect_wakeup(struct sock *sk, struct sock *other);
/* The sender's name into what recvmsg() returns; nothing when it has none. */
void unix_copy_addr(struct msg *m, struct sock *sender);
/*
 * May sk make an skb now? 0, a negative errno, or -EPARK until memory is free: what
 * sock_alloc_send_pskb() does before it allocates.
 */
s64 unix_send_ready(struct task *t, struct sock *sk, int flags);
/*
 * An skb with len bytes of m's data at off, paged_len of which Linux would put into pages; charged
 * to sk.
 */
struct sk_buff *unix_alloc_skb(struct sock *sk, const struct msg *m, size_t off, u32 len,
			       u32 paged_len);
/* Hands skb to other and wakes it. */
void unix_queue_skb(struct sock *other, struct sk_buff *skb);

/* ---- unix_name.c ----------------------------------------------------------------------------- */

/* Made when it is first asked for. */
struct unix_table *unix_table(struct net *net);
/* At the end of a host, when its programs are gone. */
void unix_net_free(struct net *net);
/* 0 or -EINVAL: a name, not just a family. */
int unix_validate_addr(const struct sockaddr *sa, socklen_t len);
/* The name in the file system that has this very path; NULL: none. */
struct unix_address *unix_path_find(struct net *net, const char *path);
s64 unix_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len);
s64 unix_autobind(struct sock *sk);
/* As unix_autobind(), if sk wants credentials and has no name: they are sent with one. */
s64 unix_autobind_for_creds(struct sock *sk);
/* sk is closed: an abstract name is free again, a path stays. */
void unix_unbind(struct sock *sk);
void unix_address_put(struct net *net, struct unix_address *addr);
s64 unix_getname(struct sock *sk, bool peer, struct sockaddr_storage *ss);
/* The socket that has the name: 0, -ENOENT, -ECONNREFUSED, -EPROTOTYPE. */
s64 unix_find_other(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
		    struct sock **out);

/* ---- unix_stream.c, unix_dgram.c ------------------------------------------------------------- */

s64 unix_stream_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
s64 unix_stream_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
/* SIOCATMARK. */
bool unix_stream_atmark(struct sock *sk);
s64 unix_dgram_connect(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
		       int file_flags);
s64 unix_dgram_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
s64 unix_dgram_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
s64 unix_seqpacket_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
s64 unix_seqpacket_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
u32 unix_dgram_poll(struct sock *sk);

/* ---- unix_scm.c ------------------------------------------------------------------------------ */

/* Control messages of one call. */
struct scm_cookie {
	struct scm_fp_list *fp;
	bool has_creds;
	u32 uid, gid;
	struct pid_ref *pid; /* held; NULL: none */
	const char *label;
};

#define SCM_NO_RIGHTS 1u /* they went with an earlier part of the message */

/* Reads m's control messages: 0 or -errno. The files are held until scm_destroy(). */
s64 scm_send(struct task *t, struct sock *sk, const struct msg *m, struct scm_cookie *scm,
	     unsigned how);
void scm_destroy(struct sock *sk, struct scm_cookie *scm);
/* May t send the files to other? 0, -ETOOMANYREFS, -EPERM. */
s64 unix_scm_check(struct task *t, struct sock *other, const struct scm_cookie *scm);
/* Puts them on an skb to other; credentials also when one of the two asks for them. */
void unix_scm_to_skb(struct task *t, struct scm_cookie *scm, struct sk_buff *skb,
		     struct sock *other);
/* What came with an skb: its credentials; its files, which leave it, or a copy for MSG_PEEK. */
void unix_skb_creds(struct scm_cookie *scm, struct sk_buff *skb);
bool unix_skb_creds_eq(const struct scm_cookie *scm, struct sk_buff *skb);
void unix_skb_files(struct sock *sk, struct scm_cookie *scm, struct sk_buff *skb, bool peek);
/* Returns them to the user. */
void scm_recv(struct task *t, struct sock *sk, struct msg *m, struct scm_cookie *scm, int flags);
/* The files of an skb that is freed unread. */
void unix_skb_drop_files(struct sock *sk, struct sk_buff *skb);

/* ---- unix_gc.c ------------------------------------------------------------------------------- */

/* The files of a list go into flight, or come out of it. */
void unix_inflight(struct net *net, const struct scm_fp_list *fpl);
void unix_notinflight(struct net *net, const struct scm_fp_list *fpl);
/* Frees sockets that nothing but each other's messages refers to. */
void unix_gc(struct net *net);

#define SCM_MAX_FD 253

/* Files in a message; each holds a reference. */
struct scm_fp_list {
	struct list_head node; /* on its way out */
	u32 count;
	u32 uid; /* who is charged while it is in flight */
	struct file *fp[SCM_MAX_FD];
};

#endif
