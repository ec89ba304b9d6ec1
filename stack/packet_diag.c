/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets for ss -0: NETLINK_SOCK_DIAG of AF_PACKET (linux/packet_diag.h).
 */
#include <arpa/inet.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "stack/af_packet.h"
#include "stack/netlink.h"
#include "stack/sock_diag.h"

static void put_info(struct nl_buf *b, const struct packet_sock *po)
{
	struct packet_diag_info info = { .pdi_index = (u32)po->ifindex,
					 .pdi_version = (u32)po->version,
					 .pdi_reserve = po->reserve, .pdi_tstamp = (u32)po->tstamp,
					 .pdi_copy_thresh = (u32)po->copy_thresh };

	info.pdi_flags = (po->running ? PDI_RUNNING : 0u) | (po->auxdata ? PDI_AUXDATA : 0u) |
			 (po->origdev ? PDI_ORIGDEV : 0u) | (po->loss ? PDI_LOSS : 0u);
	nl_put(b, PACKET_DIAG_INFO, &info, sizeof(info));
}

static void put_mclist(struct nl_buf *b, const struct packet_sock *po)
{
	struct packet_diag_mclist list[32];
	u32 n = 0;

	for (const struct packet_mclist *m = po->mclist; m && n < ARRAY_SIZE(list); m = m->next) {
		list[n] = (struct packet_diag_mclist){ .pdmc_index = (u32)m->ifindex,
						       .pdmc_count = (u32)m->count,
						       .pdmc_type = m->type, .pdmc_alen = m->alen };
		memcpy(list[n++].pdmc_addr, m->addr, sizeof(m->addr));
	}
	nl_put(b, PACKET_DIAG_MCLIST, list, (u32)(n * sizeof(list[0])));
}

static void message(struct nl_req *r, struct sock *sk, u32 show)
{
	struct packet_diag_msg *m = nl_answer(r, SOCK_DIAG_BY_FAMILY, sizeof(*m));
	struct packet_sock *po = pkt_sk(sk);

	m->pdiag_family = AF_PACKET;
	m->pdiag_type = (u8)sk->type;
	m->pdiag_num = ntohs(po->num);
	m->pdiag_ino = sock_diag_ino(sk);
	sock_diag_cookie(m->pdiag_cookie, sk->cookie);
	if (show & PACKET_SHOW_INFO) {
		put_info(r->out, po);
		nl_put_u32(r->out, PACKET_DIAG_UID, sk->uid);
	}
	if (show & PACKET_SHOW_MCLIST)
		put_mclist(r->out, po);
	if (show & PACKET_SHOW_FANOUT && po->fanout)
		nl_put_u32(r->out, PACKET_DIAG_FANOUT, (u32)packet_fanout_get(po));
	if (show & PACKET_SHOW_MEMINFO)
		sock_diag_meminfo(r->out, PACKET_DIAG_MEMINFO, sk);
	nl_end(r->out);
}

int packet_diag(struct nl_req *r)
{
	struct packet_diag_req req;
	struct sock *sk;

	if (r->len < sizeof(req))
		return -EINVAL;
	memcpy(&req, r->payload, sizeof(req));
	if (!r->dump)
		return -EOPNOTSUPP;
	/* Other than 0 would be a filter on the protocol. */
	if (req.sdiag_protocol)
		return -EINVAL;
	list_for_each_entry(sk, &r->net->socks, net_node) {
		if (sk->family == AF_PACKET && !sk->dead)
			message(r, sk, req.pdiag_show);
	}
	return 0;
}
