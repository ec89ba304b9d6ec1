/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as frames on the wire of a host: it has IPv4 and IPv6 addresses, a UDP socket, TCP listeners
 * with connections that its neighbours make by hand, and receives everything it is sent. Nothing may crash,
 * hang or leak, and the host still answers afterwards.
 *
 * The input is a list of frames, each after two bytes: how long it is, with a delay in the upper bits.
 */
#include <net/ethernet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic/link.h"
#include "nic/nic.h"
#include "nic/skb.h"
#include "sim/engine/trace.h"
#include "sim/host/host.h"
#include "sim/scenario/scenario.h"
#include "stack/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The host's address is 02:00:00:00:00:01; fuzzers find checksums by the seeds. */
static const char scenario_text[] =
	"local a, b = host{name = 'a', sysctl = {['net.ipv4.conf.all.rp_filter'] = 0}}, host{name = 'b'}\n"
	"local n = a:nic{ip = {'10.0.0.1/24', 'fd00::1/64'}, mac = '02:00:00:00:00:01', rx_checksum = true}\n"
	"local m = b:nic{mac = '02:00:00:00:00:02'}\n"
	"link{n, m, delay = '1us'}\n"
	"a:neighbour('10.0.0.2', '02:00:00:00:00:02', 'eth0')\n"
	"a:spawn('udp', function()\n"
	"  local fd = socket(AF_INET6, SOCK_DGRAM)\n"
	"  bind(fd, {family = AF_INET6, addr = '::', port = 53})\n"
	"  while true do\n"
	"    local d, from = recvfrom(fd, 2000)\n"
	"    if d then sendto(fd, d, from) end\n"
	"  end\n"
	"end)\n"
	"a:spawn('tcp', function()\n"
	"  local fd = socket(AF_INET6, SOCK_STREAM)\n"
	"  bind(fd, {family = AF_INET6, addr = '::', port = 80})\n"
	"  listen(fd, 8)\n"
	"  while true do\n"
	"    local c = accept(fd)\n"
	"    if c then thread(function()\n"
	"      repeat local d = recv(c, 4096); if d then send(c, d, MSG_NOSIGNAL) end until not d or d == ''\n"
	"      close(c) end) end\n"
	"  end\n"
	"end)\n";

static int read_text(void *ctx, const char *path, char **text, size_t *len, char **err)
{
	*text = strdup(scenario_text);
	*len = strlen(*text);
	return 0;
}

/* From the far end of the cable, as b's NIC would. */
static void send_frame(struct host *b, const uint8_t *data, size_t len)
{
	struct sk_buff *skb = alloc_skb(b);

	memcpy(skb_put(skb, ETHER_HDR_LEN), data, ETHER_HDR_LEN);
	skb_add_data(skb, data + ETHER_HDR_LEN, (u32)(len - ETHER_HDR_LEN));
	link_transmit(nic_port(dev_get_by_name(b, "eth0")), skb, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace *tr = trace_new(TRACE_ALL);
	struct scenario_opts o = { .path = "packet", .seed = 1, .strategy = strategy_default(),
				   .trace = tr, .read = read_text, .duration = 10 * NSEC_PER_SEC };
	char *err = NULL;
	struct scenario *s = scenario_load(&o, &err);
	struct world *w = s ? scenario_world(s) : NULL;
	nsec_t t = NSEC_PER_MSEC;

	if (!s) {
		fprintf(stderr, "%s\n", err);
		abort();
	}
	scenario_run(s, t);
	while (size >= 2) {
		size_t len = data[0] | (data[1] & 7) << 8;

		t += (nsec_t)1000 << (data[1] >> 3);
		data += 2;
		size -= 2;
		len = len > size ? size : len;
		if (len >= ETHER_HDR_LEN && len <= 1514) {
			send_frame(w->hosts[2], data, len);
			scenario_run(s, t);
		}
		data += len;
		size -= len;
	}
	scenario_finish(s, scenario_run(s, t + 3 * NSEC_PER_SEC));
	scenario_free(s);
	trace_free(tr, true);
	return 0;
}
