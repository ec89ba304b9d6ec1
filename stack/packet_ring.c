/* SPDX-License-Identifier: MIT */
#include "stack/af_packet.h"

s64 packet_set_ring(struct packet_sock *po, const void *val, socklen_t len, bool tx)
{
	return -ENOPROTOOPT;
}
void packet_free_rings(struct packet_sock *po)
{
}
s64 tpacket_snd(struct task *t, struct packet_sock *po, struct msg *m, int flags)
{
	return -EINVAL;
}
enum packet_room packet_ring_room(const struct packet_sock *po)
{
	return ROOM_NONE;
}
bool packet_ring_readable(const struct packet_sock *po)
{
	return false;
}
bool packet_ring_writeable(const struct packet_sock *po)
{
	return false;
}
