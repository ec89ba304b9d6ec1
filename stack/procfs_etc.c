/* SPDX-License-Identifier: MIT */
/*
 * The files of /etc that name hosts: hosts(5), resolv.conf(5), hostname(5), nsswitch.conf(5),
 * host.conf(5), machine-id(5). They are made from the world, so that the names of a scenario resolve
 * without a name server; /etc/gai.conf is not there, so addresses are chosen by RFC 6724's own table,
 * nor are localtime(5) and timezone: hosts show UTC, wherever the machine stands.
 *
 * All hosts know the same names: those that the world's addresses had when the first program looked, as
 * if an administrator had handed the file out. Hosts share nothing that changes later.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "stack/ip.h"
#include "stack/procfs_priv.h"
#include "stack/stack_world.h"

struct hosts_ctx {
	struct seq_file *m;
	const struct host *h;
	bool v4;
	u32 n;
};

static void hosts_line(void *ctx, const struct in_ifaddr *ifa)
{
	struct hosts_ctx *c = ctx;
	char buf[INET6_ADDRSTRLEN];

	if (ipaddr_is_v4(&ifa->addr) != c->v4 || ipaddr_is_loopback(&ifa->addr) ||
	    (!c->v4 && ipaddr_is_linklocal(&ifa->addr)))
		return;
	seq_printf(c->m, "%s\t%s\n", ipaddr_format(buf, &ifa->addr), c->h->name);
	c->n++;
}

/* How many addresses the host has. */
static u32 hosts_of(struct seq_file *m, struct host *h)
{
	struct hosts_ctx c = { .m = m, .h = h, .v4 = true };

	if (!h->net)
		return 0;
	ifaddr_for_each(h->net, hosts_line, &c);
	c.v4 = false;
	ifaddr_for_each(h->net, hosts_line, &c);
	return c.n;
}

static int etc_hosts(struct seq_file *m)
{
	struct host *h = m->at.host;
	struct stack_world *sw = stack_world_of(h);
	struct seq_file own = { 0 };

	if (!sw->etc_hosts) {
		struct seq_file all = { 0 };

		seq_puts(&all, "127.0.0.1\tlocalhost\n"
			       "::1\tlocalhost ip6-localhost ip6-loopback\n");
		for (u32 i = 1; i <= h->world->nhosts; i++)
			hosts_of(&all, h->world->hosts[i]);
		sw->etc_hosts = all.buf;
	}
	seq_puts(m, sw->etc_hosts);
	/* A host without addresses still knows itself. */
	if (!hosts_of(&own, h) && strcmp(h->name, "localhost") != 0)
		seq_printf(m, "127.0.1.1\t%s\n", h->name);
	free(own.buf);
	return 0;
}

static int etc_resolv_conf(struct seq_file *m)
{
	struct net *net = m->at.host->net;
	char buf[INET6_ADDRSTRLEN];

	if (!net->nnameserver)
		seq_puts(m, "# no name server\n");
	for (int i = 0; i < net->nnameserver; i++)
		seq_printf(m, "nameserver %s\n", ipaddr_format(buf, &net->nameserver[i]));
	return 0;
}

static int etc_hostname(struct seq_file *m)
{
	seq_printf(m, "%s\n", m->at.host->name);
	return 0;
}

/* 32 lower-case digits, the host's own. */
static int etc_machine_id(struct seq_file *m)
{
	struct rng r;
	u8 b[16];

	rng_init(&r, m->at.host->sim->seed, m->at.host->id, RNG_BOOT_ID, 1);
	rng_bytes(&r, b, sizeof(b));
	for (size_t i = 0; i < sizeof(b); i++)
		seq_printf(m, "%02x", b[i]);
	seq_puts(m, "\n");
	return 0;
}

#define ETC(n, fn) { .path = "/etc/" n, .mode = S_IFREG | 0644, .show = fn, .flags = PF_SIZED }
#define ETC_TEXT(n, t) { .path = "/etc/" n, .mode = S_IFREG | 0644, .text = t, .flags = PF_SIZED }

const struct procfs_entry procfs_etc_entries[] = {
	{ .path = "/etc/gai.conf", .flags = PF_ABSENT },
	{ .path = "/etc/localtime", .flags = PF_ABSENT },
	{ .path = "/etc/timezone", .flags = PF_ABSENT },
	ETC_TEXT("host.conf", "multi on\n"),
	ETC("hostname", etc_hostname),
	ETC("hosts", etc_hosts),
	{ .path = "/etc/machine-id", .mode = S_IFREG | 0444, .show = etc_machine_id,
	  .flags = PF_SIZED },
	ETC_TEXT("nsswitch.conf", "passwd:\tfiles\n"
				  "group:\tfiles\n"
				  "shadow:\tfiles\n"
				  "hosts:\tfiles dns\n"
				  "networks:\tfiles\n"
				  "protocols:\tfiles\n"
				  "services:\tfiles\n"
				  "ethers:\tfiles\n"
				  "rpc:\tfiles\n"),
	ETC("resolv.conf", etc_resolv_conf),
	{ 0 },
};
