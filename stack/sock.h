/* SPDX-License-Identifier: MIT */
/*
 * struct sock: what every socket has, whatever its family.
 *
 * The kernel splits struct socket (the file's side) and struct sock (the protocol's side); one struct
 * serves here. A sock lives as long as something holds it: its file, a protocol's table, a timer, a
 * packet that is charged to it (sk_wmem_alloc). sock_hold() and sock_put() count.
 *
 * A family's socket embeds struct sock first (struct inet_sock, struct tcp_sock, struct unix_sock).
 */
#ifndef STACK_SOCK_H
#define STACK_SOCK_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "nic/skb.h"
#include "sim/host/wait.h"
#include "stack/file.h"
#include "stack/net.h"

struct bpf_prog;
struct sock;
struct msg;

#define RCV_SHUTDOWN 1
#define SEND_SHUTDOWN 2
#define SHUTDOWN_MASK 3

/*
 * States are those of netinet/tcp.h (TCP_ESTABLISHED = 1 ...), which /proc/net/tcp prints; other protocols
 * use ESTABLISHED and CLOSE as Linux does.
 */
#define TCP_NEW_SYN_RECV 12 /* a request sock, before it is a connection */
const char *tcp_state_name(int state); /* "ESTABLISHED", "SYN_SENT"... */

/* One ancillary message on its way between user and protocol; payload follows. */
struct cmsg_out {
	int level, type;
	u32 len;
	const void *data;
};

/*
 * A message to send or receive. name and control are the user's buffers (NULL: absent); on receive the
 * protocol sets namelen, controllen and flags as recvmsg(2) reports them.
 */
struct msg {
	struct iov_iter iter;
	void *name;
	socklen_t namelen;
	void *control;
	size_t controllen;
	int flags; /* MSG_* out */
	bool nosigpipe; /* out: this EPIPE comes without a signal */
};
/* Appends a control message to what recvmsg returns; sets MSG_CTRUNC when it does not fit. */
void put_cmsg(struct msg *m, int level, int type, u32 len, const void *data);

/*
 * A protocol of a family. All functions are called in the context of a task step; t is the caller, NULL
 * at tear-down. They return >= 0, a negative errno, or -EPARK. Functions that are NULL give EOPNOTSUPP.
 */
struct proto_ops {
	const char *name; /* "TCP", "UDP", "UNIX-STREAM" */
	int family, type, protocol;
	size_t obj_size; /* of the embedding struct, for its pool */
	int (*init)(struct sock *sk); /* after the generic part; 0 or -errno */
	/* The last descriptor is closed. May park (linger). Afterwards the sock has no file. */
	s64 (*release)(struct task *t, struct sock *sk);
	/* Frees what the protocol attached; the last reference is gone. */
	void (*destruct)(struct sock *sk);
	s64 (*bind)(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len);
	s64 (*connect)(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
		       int file_flags);
	s64 (*socketpair)(struct task *t, struct sock *a, struct sock *b);
	/* Returns the new sock in *out, with a reference for its file. */
	s64 (*accept)(struct task *t, struct sock *sk, struct sock **out, int file_flags);
	s64 (*listen)(struct task *t, struct sock *sk, int backlog);
	s64 (*shutdown)(struct task *t, struct sock *sk, int how);
	s64 (*getname)(struct sock *sk, bool peer, struct sockaddr_storage *ss); /* length or -errno */
	s64 (*sendmsg)(struct task *t, struct sock *sk, struct msg *m, int flags);
	s64 (*recvmsg)(struct task *t, struct sock *sk, struct msg *m, int flags);
	u32 (*poll)(struct sock *sk);  /* events now; the wait queue is sk->wq */
	s64 (*ioctl)(struct task *t, struct sock *sk, unsigned cmd, void *arg);
	/* Options of the protocol's own levels; SOL_SOCKET is in sockopt.c. -ENOPROTOOPT: not there. */
	s64 (*setsockopt)(struct task *t, struct sock *sk, int level, int name, const void *val,
			  socklen_t len);
	s64 (*getsockopt)(struct task *t, struct sock *sk, int level, int name, void *val,
			  socklen_t *len);
	/* As file_ops.mmap; NULL: ENODEV. */
	int (*mmap)(struct sock *sk, u64 len, u64 offset);
	/* SO_RCVLOWAT was set; NULL: just stored. */
	int (*set_rcvlowat)(struct sock *sk, int val);
};

struct sock {
	struct list_head net_node; /* net->socks */
	struct net *net;
	struct host *host;
	const struct proto_ops *ops;
	struct file *file; /* NULL: orphan, or not accepted yet */
	u32 refs;
	u64 cookie; /* SO_COOKIE, sock column of the trace; per host, from 1 */
	u16 family, type, protocol;
	u8 state;  /* TCP_ESTABLISHED ... TCP_NEW_SYN_RECV */
	u8 shutdown; /* RCV_SHUTDOWN | SEND_SHUTDOWN */
	bool dead;  /* SOCK_DEAD: no file any more, nobody to wake */
	int err;    /* SO_ERROR, positive errno; read and cleared by sock_error() */
	int err_soft;
	struct wait_queue_head wq;
	struct sk_buff_head receive_queue;
	struct sk_buff_head error_queue;
	/* memory, as sk_rmem_alloc and friends; bytes of truesize */
	u32 rmem_alloc, wmem_queued;
	u32 wmem_alloc; /* packets on their way down; holds the sock */
	u32 omem_alloc;
	u32 rcvbuf, sndbuf;
	u32 drops;
	/* options; sockopt.c holds the table */
	u32 userlocks; /* SOCK_RCVBUF_LOCK, SOCK_SNDBUF_LOCK, SOCK_BINDPORT_LOCK, SOCK_BINDADDR_LOCK */
	u8 reuse;      /* SK_CAN_REUSE 1 */
	bool reuseport, keepalive, broadcast, dontroute, oobinline, linger, debug;
	bool no_check_tx, timestamp, timestampns;
	bool stamps; /* somebody has asked when packets came (SOCK_TIMESTAMP) */
	bool async_nospace; /* somebody found no room: SIGIO when there is some */
	nsec_t lingertime;
	nsec_t rcvtimeo, sndtimeo; /* NSEC_NEVER: none */
	int rcvlowat;	  /* default 1 */
	int bound_dev_if;
	u32 priority, mark;
	int incoming_cpu; /* CPU that processed the last packet; -1 before the first */
	int incoming_cpu_set; /* SO_INCOMING_CPU set by the user, -1: none */
	u32 napi_id;
	u32 max_ack_backlog, ack_backlog;
	u64 max_pacing_rate; /* bytes a second, ~0: none */
	nsec_t stamp;	  /* of the last packet, for SIOCGSTAMP; 0: none yet, SOCK_UNSTAMPED */
	u32 uid;	  /* of the creator; SO_REUSEPORT's rule */
	struct sock_peer *peer_id; /* AF_UNIX: who is at the other end; NULL: nobody */
	const char *label; /* security label of the creator; NULL: none */
	bool passcred, passpidfd, passsec; /* AF_UNIX: SCM_CREDENTIALS, SCM_PIDFD, SCM_SECURITY wanted */
	bool passrights; /* SCM_RIGHTS taken */
	struct bpf_prog *filter; /* SO_ATTACH_FILTER, SO_ATTACH_BPF; NULL: none. bpf.h */
	bool filter_locked;	 /* SO_LOCK_FILTER */
	int peek_off;	  /* SO_PEEK_OFF: where MSG_PEEK begins; -1: off */
	/* Upcalls: defaults wake sk->wq and send SIGIO. */
	void (*data_ready)(struct sock *sk);
	void (*write_space)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	void (*error_report)(struct sock *sk);
};

/* Bits of userlocks; two of them are linux/socket.h's too. */
#ifndef SOCK_RCVBUF_LOCK
#define SOCK_SNDBUF_LOCK 1
#define SOCK_RCVBUF_LOCK 2
#endif
#define SOCK_BINDADDR_LOCK 4u
#define SOCK_BINDPORT_LOCK 8u
#define SOCK_MIN_RCVBUF 2304u /* SK_MEM: TCP_SKB_MIN_TRUESIZE, socket(7): doubled minimum 256 -> 2304 */
#define SOCK_MIN_SNDBUF 4608u /* 2 * TCP_SKB_MIN_TRUESIZE */

/* Allocates from the protocol's pool, zeroed, generic fields set, one reference. NULL never. */
struct sock *sk_alloc(struct net *net, const struct proto_ops *ops);
static inline void sock_hold(struct sock *sk)
{
	sk->refs++;
}
/* The last one destructs and frees. */
void sock_put(struct sock *sk);
/* A sock for socket(2), or -EAFNOSUPPORT, -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -EINVAL, -EPERM. */
s64 sock_create(struct task *t, int family, int type, int protocol, struct sock **out);
/* A description for sk (takes the caller's reference); used by socket, accept, socketpair. */
struct file *sock_file_new(struct sock *sk, u32 flags);
/* The sock of a file, NULL: ENOTSOCK. */
struct sock *sock_from_file(struct file *f);

void sock_def_readable(struct sock *sk);
void sock_def_write_space(struct sock *sk);
void sock_def_wakeup(struct sock *sk);
void sock_def_error_report(struct sock *sk);
/* Returns -err and clears it; 0: none. */
int sock_error(struct sock *sk);
/* Urgent data came: SIGURG to the owner. */
void sk_send_sigurg(struct sock *sk);
/* SO_PEEK_OFF follows what was peeked at, and what was read. */
static inline void sk_peek_offset_fwd(struct sock *sk, u32 n)
{
	if (sk->peek_off >= 0)
		sk->peek_off += (int)n;
}
static inline void sk_peek_offset_bwd(struct sock *sk, u32 n)
{
	if (sk->peek_off >= 0)
		sk->peek_off = max(sk->peek_off - (int)n, 0);
}
/* Sets the state and traces the change (sock_state). */
void sock_set_state(struct sock *sk, int state);

/* Receive-queue accounting: charges truesize and sets the destructor. */
void skb_set_owner_r(struct sk_buff *skb, struct sock *sk);
/* Send accounting of packets on their way down: charges wmem_alloc; write_space when freed. */
void skb_set_owner_w(struct sk_buff *skb, struct sock *sk);
/*
 * Queues skb on sk for reading, or returns -EPERM when the socket's filter does not want it, -ENOMEM / -ENOBUFS when
 * rcvbuf is full. The caller then drops it, for sock_drop_reason(). On success wakes readers.
 */
int sock_queue_rcv_skb(struct sock *sk, struct sk_buff *skb);
static inline enum skb_drop_reason sock_drop_reason(int err)
{
	return err == -EPERM ? SKB_DROP_REASON_SOCKET_FILTER : SKB_DROP_REASON_SOCKET_RCVBUFF;
}
/* Copies len bytes at skb_off (from data) to the iterator's bytes at it_off. */
void skb_copy_to_iter(const struct sk_buff *skb, u32 skb_off, const struct iov_iter *it,
		      size_t it_off, u32 len);
/* The control messages of SOL_SOCKET that came with a received packet: SO_TIMESTAMP, SO_TIMESTAMPNS. */
void sock_recv_cmsgs(struct msg *m, struct sock *sk, const struct sk_buff *skb);
/* The same for a stream: t is when the last of what is read arrived. */
void sock_recv_timestamp(struct msg *m, struct sock *sk, nsec_t t);
/* sk->stamp of a packet that came before anybody asked for times. */
#define SOCK_UNSTAMPED ((nsec_t)-1)
/* Room to send len more bytes? Datagram sockets. */
bool sock_writeable(const struct sock *sk);

/* O_NONBLOCK or MSG_DONTWAIT: 0; else the timeout. For task_wait_on(). */
static inline nsec_t sock_rcvtimeo(const struct sock *sk, bool noblock)
{
	return noblock ? 0 : sk->rcvtimeo;
}
static inline nsec_t sock_sndtimeo(const struct sock *sk, bool noblock)
{
	return noblock ? 0 : sk->sndtimeo;
}
/* -ERESTARTSYS without a timeout, -EINTR with one (signal(7)). */
static inline int sock_intr_errno(nsec_t timeo)
{
	return timeo == NSEC_NEVER ? -512 : -EINTR;
}

/* Families register here; the static table is in family.c. */
struct net_family {
	int family;
	s64 (*create)(struct task *t, struct net *net, int type, int protocol, struct sock **out);
};

#endif
