/* SPDX-License-Identifier: MIT */
/*
 * From a packet to the reader: payload into the user's buffers, and what SOL_SOCKET says beside it.
 */
#include <sys/time.h>

#include "sim/host/host.h"
#include "stack/sock.h"

void skb_copy_to_iter(const struct sk_buff *skb, u32 skb_off, const struct iov_iter *it,
		      size_t it_off, u32 len)
{
	u32 headlen = skb_headlen(skb);
	u32 pos = headlen;

	if (skb_off < headlen && len) {
		u32 n = min(len, headlen - skb_off);

		iov_copy_to(it, it_off, skb->head + skb->data + skb_off, n);
		skb_off += n;
		it_off += n;
		len -= n;
	}
	for (int i = 0; i < skb->nfrags && len; i++) {
		const struct skb_frag *f = &skb->frags[i];

		if (skb_off < pos + f->len) {
			u32 n = min(len, pos + f->len - skb_off);

			iov_copy_to(it, it_off, f->buf->data + f->off + (skb_off - pos), n);
			skb_off += n;
			it_off += n;
			len -= n;
		}
		pos += f->len;
	}
	assert(!len);
}

/* Stamps are of CLOCK_REALTIME (socket(7)). */
void sock_recv_timestamp(struct msg *m, struct sock *sk, nsec_t t)
{
	t = host_realtime(sk->host, t);
	if (sk->timestampns) {
		struct timespec ts = { .tv_sec = t / NSEC_PER_SEC, .tv_nsec = t % NSEC_PER_SEC };

		put_cmsg(m, SOL_SOCKET, SCM_TIMESTAMPNS, sizeof(ts), &ts);
	} else if (sk->timestamp) {
		struct timeval tv = { .tv_sec = t / NSEC_PER_SEC,
				      .tv_usec = t % NSEC_PER_SEC / NSEC_PER_USEC };

		put_cmsg(m, SOL_SOCKET, SCM_TIMESTAMP, sizeof(tv), &tv);
	}
}

void sock_recv_cmsgs(struct msg *m, struct sock *sk, const struct sk_buff *skb)
{
	nsec_t at = skb->tstamp ? skb->tstamp : host_now(sk->host);

	/* A time that is told with the packet is not kept for SIOCGSTAMP (sock_recv_cmsgs()). */
	if (sk->timestamp || sk->timestampns)
		sock_recv_timestamp(m, sk, at);
	else if (sk->stamps)
		sk->stamp = at;
	else if (!sk->stamp)
		sk->stamp = SOCK_UNSTAMPED;
}
