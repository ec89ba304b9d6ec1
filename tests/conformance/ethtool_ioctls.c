/* SPDX-License-Identifier: MIT */
/*
 * SIOCETHTOOL on a device whose driver has next to nothing (lo), and the ioctls that change a device:
 * netdevice(7), ethtool(8).
 */
#include "transcript.h"
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>

static int fd;

static void command(const char *name, unsigned cmd)
{
	static union {
		unsigned cmd;
		struct ethtool_value value;
		char room[4096];
	} u;
	struct ifreq r = { .ifr_data = (char *)&u };

	strcpy(r.ifr_name, "lo");
	memset(&u, 0, sizeof(u));
	u.cmd = cmd;
	printf("%s: %s", name, ioctl(fd, SIOCETHTOOL, &r) ? strerrorname_np(errno) : "0");
	if (cmd == ETHTOOL_GLINK)
		printf(" %u", u.value.data);
	printf("\n");
}
#define COMMAND(c) command(#c, c)

static void commands(void)
{
	COMMAND(ETHTOOL_GLINK);
	COMMAND(ETHTOOL_GRINGPARAM);
	COMMAND(ETHTOOL_SRINGPARAM);
	COMMAND(ETHTOOL_GCHANNELS);
	COMMAND(ETHTOOL_SCHANNELS);
	COMMAND(ETHTOOL_GCOALESCE);
	COMMAND(ETHTOOL_SCOALESCE);
	COMMAND(ETHTOOL_GRXFHINDIR);
	COMMAND(ETHTOOL_SRXFHINDIR);
	COMMAND(ETHTOOL_GRXRINGS);
	COMMAND(ETHTOOL_GRSSH);
	COMMAND(ETHTOOL_SRSSH);
	COMMAND(ETHTOOL_GSTATS);
	command("a command that nobody has", 0x7777);
}

static void change(const char *what, unsigned long cmd, int value)
{
	struct ifreq r = { .ifr_mtu = value };

	strcpy(r.ifr_name, "lo");
	printf("%s %d: %s\n", what, value, ioctl(fd, cmd, &r) ? strerrorname_np(errno) : "0");
}
static void query(const char *what, unsigned long cmd)
{
	struct ifreq r = { .ifr_mtu = -1 };

	strcpy(r.ifr_name, "lo");
	printf("%s: %s", what, ioctl(fd, cmd, &r) ? strerrorname_np(errno) : "0");
	printf(" %d\n", r.ifr_mtu);
}

int main(void)
{
	struct ifreq r = { .ifr_data = NULL };

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	part("lo");
	commands();
	part("wrong");
	strcpy(r.ifr_name, "lo");
	CALL(ioctl(fd, SIOCETHTOOL, &r));
	strcpy(r.ifr_name, "eth77");
	CALL(ioctl(fd, SIOCETHTOOL, &r));
	part("changes");
	change("MTU", SIOCSIFMTU, 9000);
	query("MTU", SIOCGIFMTU);
	change("MTU", SIOCSIFMTU, -1);
	change("MTU", SIOCSIFMTU, 65536);
	change("queue", SIOCSIFTXQLEN, 500);
	query("queue", SIOCGIFTXQLEN);
	change("queue", SIOCSIFTXQLEN, -1);
	change("metric", SIOCSIFMETRIC, 1);
	change("down", SIOCSIFFLAGS, 0);
	query("link that is down", SIOCGIFMETRIC);
	COMMAND(ETHTOOL_GLINK);
	change("up", SIOCSIFFLAGS, IFF_UP);
	COMMAND(ETHTOOL_GLINK);
	part("without CAP_NET_ADMIN");
	setresuid(1000, 1000, 1000);
	commands();
	change("MTU", SIOCSIFMTU, 9000);
	change("up", SIOCSIFFLAGS, IFF_UP);
	return 0;
}
