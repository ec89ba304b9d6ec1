/* SPDX-License-Identifier: MIT */
/*
 * What socket calls pass: addresses, messages, options.
 */
#include "stack/syscall_format.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "stack/af_packet.h"
#include "stack/sockopt.h"

#define N(x) { x, #x }

static const struct flag_name msg_names[] = {
	N(MSG_OOB), N(MSG_PEEK), N(MSG_DONTROUTE), N(MSG_CTRUNC), N(MSG_TRUNC), N(MSG_DONTWAIT),
	N(MSG_EOR), N(MSG_WAITALL), N(MSG_CONFIRM), N(MSG_ERRQUEUE), N(MSG_NOSIGNAL), N(MSG_MORE),
	N(MSG_WAITFORONE), N(MSG_FASTOPEN), N(MSG_CMSG_CLOEXEC),
};
static const struct flag_name type_flags[] = {
	N(SOCK_CLOEXEC), N(SOCK_NONBLOCK),
};

void sb_family(struct sbuf *sb, int family)
{
	switch (family) {
	case AF_UNIX:
		sb_printf(sb, "AF_UNIX");
		break;
	case AF_INET:
		sb_printf(sb, "AF_INET");
		break;
	case AF_INET6:
		sb_printf(sb, "AF_INET6");
		break;
	case AF_NETLINK:
		sb_printf(sb, "AF_NETLINK");
		break;
	case AF_PACKET:
		sb_printf(sb, "AF_PACKET");
		break;
	case AF_UNSPEC:
		sb_printf(sb, "AF_UNSPEC");
		break;
	default:
		sb_printf(sb, "%d", family);
		break;
	}
}

void sb_protocol(struct sbuf *sb, int protocol)
{
	switch (protocol) {
	case IPPROTO_IP:
		sb_printf(sb, "IPPROTO_IP");
		break;
	case IPPROTO_TCP:
		sb_printf(sb, "IPPROTO_TCP");
		break;
	case IPPROTO_UDP:
		sb_printf(sb, "IPPROTO_UDP");
		break;
	case IPPROTO_ICMP:
		sb_printf(sb, "IPPROTO_ICMP");
		break;
	case IPPROTO_ICMPV6:
		sb_printf(sb, "IPPROTO_ICMPV6");
		break;
	case IPPROTO_RAW:
		sb_printf(sb, "IPPROTO_RAW");
		break;
	default:
		sb_printf(sb, "%d", protocol);
		break;
	}
}

void sb_socket_type(struct sbuf *sb, int type)
{
	static const char *const names[] = { NULL, "SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW",
					     "SOCK_RDM", "SOCK_SEQPACKET" };
	int base = type & 0xf, flags = type & ~0xf;

	if (base && base < (int)ARRAY_SIZE(names))
		sb_printf(sb, "%s", names[base]);
	else if (base)
		sb_printf(sb, "%d", base);
	if (!flags)
		return;
	sb_printf(sb, "%s", base ? "|" : "");
	sb_flags(sb, (u32)flags, type_flags, ARRAY_SIZE(type_flags));
}

void sb_msg_flags(struct sbuf *sb, int flags)
{
	sb_flags(sb, (u32)flags, msg_names, ARRAY_SIZE(msg_names));
}

static void sb_un(struct sbuf *sb, const struct sockaddr_un *un, socklen_t len)
{
	size_t n = len - offsetof(struct sockaddr_un, sun_path);

	sb_printf(sb, "{sa_family=AF_UNIX");
	if (n && un->sun_path[0]) {
		sb_printf(sb, ", sun_path=");
		sb_bytes(sb, un->sun_path, strnlen(un->sun_path, n));
	} else if (n) {
		sb_printf(sb, ", sun_path=@");
		sb_bytes(sb, un->sun_path + 1, n - 1);
	}
	sb_printf(sb, "}");
}

static void sb_ll(struct sbuf *sb, const struct sockaddr_ll *ll)
{
	const u8 *a = ll->sll_addr;

	sb_printf(sb, "{sa_family=AF_PACKET, sll_protocol=htons(%#x), sll_ifindex=%d, ",
		  ntohs(ll->sll_protocol), ll->sll_ifindex);
	sb_printf(sb, "sll_hatype=%u, sll_pkttype=%u", ll->sll_hatype, ll->sll_pkttype);
	if (ll->sll_halen == ETH_ALEN)
		sb_printf(sb, ", sll_addr=%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3],
			  a[4], a[5]);
	sb_printf(sb, "}");
}

void sb_sockaddr(struct sbuf *sb, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;
	char text[INET6_ADDRSTRLEN];

	if (!sa) {
		sb_printf(sb, "NULL");
	} else if (len >= sizeof(*in) && sa->sa_family == AF_INET) {
		sb_printf(sb, "{sa_family=AF_INET, sin_port=htons(%u), sin_addr=inet_addr(\"%s\")}",
			  ntohs(in->sin_port),
			  inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)));
	} else if (len >= sizeof(*in6) && sa->sa_family == AF_INET6) {
		sb_printf(sb, "{sa_family=AF_INET6, sin6_port=htons(%u), ", ntohs(in6->sin6_port));
		sb_printf(sb, "inet_pton(AF_INET6, \"%s\"), sin6_scope_id=%u}",
			  inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text)),
			  in6->sin6_scope_id);
	} else if (len >= sizeof(sa->sa_family) && sa->sa_family == AF_UNIX) {
		sb_un(sb, (const void *)sa, len);
	} else if (len >= sizeof(struct sockaddr_ll) && sa->sa_family == AF_PACKET) {
		sb_ll(sb, (const void *)sa);
	} else if (len >= sizeof(sa->sa_family)) {
		sb_printf(sb, "{sa_family=");
		sb_family(sb, sa->sa_family);
		sb_printf(sb, "}");
	} else {
		sb_printf(sb, "{}");
	}
}

void sb_iovec(struct sbuf *sb, const struct iovec *iov, size_t count, size_t received)
{
	if (!iov) {
		sb_printf(sb, "NULL");
		return;
	}
	sb_printf(sb, "[");
	for (size_t i = 0; i < min(count, (size_t)16); i++) {
		size_t n = min(iov[i].iov_len, received);

		sb_printf(sb, "%s{iov_base=", i ? ", " : "");
		sb_bytes(sb, iov[i].iov_base, n);
		sb_printf(sb, ", iov_len=%zu}", iov[i].iov_len);
		received -= received == SIZE_MAX ? 0 : n;
	}
	sb_printf(sb, "%s]", count > 16 ? ", ..." : "");
}

static void sb_control(struct sbuf *sb, const struct msghdr *h)
{
	struct msghdr copy = *h;
	const char *sep = "";

	if (!h->msg_control || h->msg_controllen < sizeof(struct cmsghdr))
		return;
	sb_printf(sb, ", msg_control=[");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c; c = CMSG_NXTHDR(&copy, c)) {
		sb_printf(sb, "%s{cmsg_len=%zu, cmsg_level=", sep, c->cmsg_len);
		sb_sockopt_level(sb, c->cmsg_level);
		sb_printf(sb, ", cmsg_type=%#x}", (unsigned)c->cmsg_type);
		sep = ", ";
		if (c->cmsg_len < sizeof(*c))
			break;
	}
	sb_printf(sb, "]");
}

void sb_msghdr(struct sbuf *sb, const struct msghdr *h, size_t received)
{
	if (!h) {
		sb_printf(sb, "NULL");
		return;
	}
	sb_printf(sb, "{msg_name=");
	sb_sockaddr(sb, h->msg_name, h->msg_namelen);
	sb_printf(sb, ", msg_namelen=%u, msg_iov=", h->msg_namelen);
	sb_iovec(sb, h->msg_iov, h->msg_iovlen, received);
	sb_printf(sb, ", msg_iovlen=%zu", h->msg_iovlen);
	sb_control(sb, h);
	sb_printf(sb, ", msg_controllen=%zu, msg_flags=", h->msg_controllen);
	sb_msg_flags(sb, received == SIZE_MAX ? 0 : h->msg_flags);
	sb_printf(sb, "}");
}

/* ---- options --------------------------------------------------------------------------------- */

void sb_sockopt_level(struct sbuf *sb, int level)
{
	switch (level) {
	case SOL_SOCKET:
		sb_printf(sb, "SOL_SOCKET");
		break;
	case IPPROTO_IP:
		sb_printf(sb, "SOL_IP");
		break;
	case IPPROTO_IPV6:
		sb_printf(sb, "SOL_IPV6");
		break;
	case IPPROTO_TCP:
		sb_printf(sb, "SOL_TCP");
		break;
	case IPPROTO_UDP:
		sb_printf(sb, "SOL_UDP");
		break;
	case SOL_RAW:
		sb_printf(sb, "SOL_RAW");
		break;
	case SOL_PACKET:
		sb_printf(sb, "SOL_PACKET");
		break;
	default:
		sb_printf(sb, "%d", level);
		break;
	}
}

static const struct sockopt_row *option_row(int level, int name)
{
	return level == SOL_SOCKET ? sockopt_find(&sol_socket_options, name) : NULL;
}

void sb_sockopt_name(struct sbuf *sb, int level, int name)
{
	const struct sockopt_row *row = option_row(level, name);

	if (row)
		sb_printf(sb, "%s", row->text);
	else
		sb_printf(sb, "%#x", (unsigned)name);
}

static bool is_filter(int level, int name)
{
	if (level == SOL_PACKET)
		return name == PACKET_FANOUT_DATA;
	return level == SOL_SOCKET &&
	       (name == SO_ATTACH_FILTER || name == SO_ATTACH_REUSEPORT_CBPF);
}

void sb_sockopt_value(struct sbuf *sb, int level, int name, const void *val, socklen_t len)
{
	const struct sockopt_row *row = option_row(level, name);
	struct linger l;
	s64 tv[2];
	int v;

	if (!val) {
		sb_printf(sb, "NULL");
	} else if (val == SOCKOPT_FAULT) {
		sb_printf(sb, "(bad address)");
	} else if (is_filter(level, name)) {
		sb_printf(sb, "..."); /* has an address in it */
	} else if (row && row->type == SOCKOPT_LINGER && len >= sizeof(l)) {
		memcpy(&l, val, sizeof(l));
		sb_printf(sb, "{l_onoff=%d, l_linger=%d}", l.l_onoff, l.l_linger);
	} else if (row && row->type == SOCKOPT_TIMEVAL && len >= sizeof(tv)) {
		memcpy(tv, val, sizeof(tv));
		sb_printf(sb, "{tv_sec=%lld, tv_usec=%lld}", (long long)tv[0], (long long)tv[1]);
	} else if (len == sizeof(v) && !(row && row->type == SOCKOPT_STRING)) {
		memcpy(&v, val, sizeof(v));
		sb_printf(sb, "[%d]", v);
	} else {
		sb_bytes(sb, val, len);
	}
}
