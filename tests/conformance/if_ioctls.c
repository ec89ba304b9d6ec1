/* SPDX-License-Identifier: MIT */
/*
 * ioctls that change interfaces: addresses, masks, flags, MTU; who may; what traffic
 * does then; SIOCETHTOOL of the loopback device: netdevice(7).
 */
#include "transcript.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>

static int fd;

static struct ifreq req(const char *name)
{
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	return r;
}

static struct ifreq with(const char *name, const char *addr)
{
	struct ifreq r = req(name);
	struct sockaddr_in *in = (struct sockaddr_in *)&r.ifr_addr;

	in->sin_family = AF_INET;
	inet_pton(AF_INET, addr, &in->sin_addr);
	return r;
}

static void show(const char *name)
{
	static const struct {
		const char *name;
		unsigned long cmd;
	} get[] = {{"address", SIOCGIFADDR},
		   {"mask", SIOCGIFNETMASK},
		   {"broadcast", SIOCGIFBRDADDR},
		   {"peer", SIOCGIFDSTADDR}};
	struct ifreq r;

	printf("%s:", name);
	for (int i = 0; i < 4; i++) {
		r = with(name, "0.0.0.0");
		if (ioctl(fd, get[i].cmd, &r))
			printf(" %s %s", get[i].name, strerrorname_np(errno));
		else
			printf(" %s %s", get[i].name,
			       inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
	}
	r = req(name);
	if (ioctl(fd, SIOCGIFFLAGS, &r))
		printf(" flags %s\n", strerrorname_np(errno));
	else
		printf(" flags 0x%x\n", (unsigned)(unsigned short)r.ifr_flags);
}

static void traffic(void)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	CALL(connect(s, ADDR("127.0.0.1:9")));
	CALL(connect(s, ADDR("10.5.0.1:9")));
	CALL(connect(s, ADDR("10.6.0.1:9")));
	close(s);
}

static void addresses(void)
{
	struct ifreq r;

	part("addresses");
	show("lo");
	r = with("lo", "10.5.0.1");
	CALL(ioctl(fd, SIOCSIFADDR, &r));
	show("lo");
	traffic();
	r = with("lo", "255.255.255.0");
	CALL(ioctl(fd, SIOCSIFNETMASK, &r));
	show("lo");
	r = with("lo", "255.0.255.0");
	CALL(ioctl(fd, SIOCSIFNETMASK, &r));
	r = with("lo", "127.0.0.1");
	CALL(ioctl(fd, SIOCSIFADDR, &r));
	show("lo");
	part("refused");
	r = with("eth9", "10.1.1.1");
	CALL(ioctl(fd, SIOCSIFADDR, &r));
	r = req("lo");
	CALL(ioctl(fd, SIOCSIFADDR, &r));
	r = with("lo", "224.0.0.1");
	CALL(ioctl(fd, SIOCSIFADDR, &r));
	r = req("eth9");
	CALL(ioctl(fd, SIOCSIFFLAGS, &r));
	CALL(ioctl(fd, SIOCSIFMTU, &r));
	CALL(ioctl(fd, SIOCSIFADDR, NULL));
}

static void device(void)
{
	struct ifreq r = req("lo");

	part("MTU, queue, metric");
	CALL(ioctl(fd, SIOCGIFMTU, &r));
	VALUE(r.ifr_mtu);
	r.ifr_mtu = 1500;
	CALL(ioctl(fd, SIOCSIFMTU, &r));
	r.ifr_mtu = -1;
	CALL(ioctl(fd, SIOCSIFMTU, &r));
	CALL(ioctl(fd, SIOCGIFMTU, &r));
	VALUE(r.ifr_mtu);
	r.ifr_mtu = 65536;
	CALL(ioctl(fd, SIOCSIFMTU, &r));
	r.ifr_qlen = 500;
	CALL(ioctl(fd, SIOCSIFTXQLEN, &r));
	r.ifr_qlen = -1;
	CALL(ioctl(fd, SIOCSIFTXQLEN, &r));
	r.ifr_qlen = 0;
	CALL(ioctl(fd, SIOCGIFTXQLEN, &r));
	VALUE(r.ifr_qlen);
	r.ifr_metric = 1;
	CALL(ioctl(fd, SIOCSIFMETRIC, &r));
	CALL(ioctl(fd, SIOCGIFMAP, &r));
	VALUE(r.ifr_map.mem_start);
	part("hardware address");
	r = req("lo");
	CALL(ioctl(fd, SIOCGIFHWADDR, &r));
	CALL(ioctl(fd, SIOCSIFHWADDR, &r));
	r.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	CALL(ioctl(fd, SIOCSIFHWADDR, &r));
	part("down and up");
	r = req("lo");
	CALL(ioctl(fd, SIOCGIFFLAGS, &r));
	r.ifr_flags &= ~IFF_UP;
	CALL(ioctl(fd, SIOCSIFFLAGS, &r));
	show("lo");
	traffic();
	r.ifr_flags |= IFF_UP;
	CALL(ioctl(fd, SIOCSIFFLAGS, &r));
	show("lo");
	traffic();
	r.ifr_flags |= IFF_PROMISC;
	CALL(ioctl(fd, SIOCSIFFLAGS, &r));
	show("lo");
	r.ifr_flags &= ~IFF_PROMISC;
	CALL(ioctl(fd, SIOCSIFFLAGS, &r));
	show("lo");
}

static void ethtool(void)
{
	static const struct {
		const char *name;
		unsigned cmd;
	} cmds[] = {{"GDRVINFO", ETHTOOL_GDRVINFO},	{"GRINGPARAM", ETHTOOL_GRINGPARAM},
		    {"GCHANNELS", ETHTOOL_GCHANNELS},	{"GCOALESCE", ETHTOOL_GCOALESCE},
		    {"GRXFHINDIR", ETHTOOL_GRXFHINDIR}, {"GRSSH", ETHTOOL_GRSSH},
		    {"GRXRINGS", ETHTOOL_GRXRINGS},	{"GSET", ETHTOOL_GSET},
		    {"GMSGLVL", ETHTOOL_GMSGLVL},	{"GPAUSEPARAM", ETHTOOL_GPAUSEPARAM},
		    {"SRINGPARAM", ETHTOOL_SRINGPARAM}, {"unknown", 0xfff0}};
	union {
		unsigned cmd;
		char room[1024];
	} data;
	struct ifreq r = req("lo");

	part("SIOCETHTOOL");
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		memset(&data, 0, sizeof(data));
		data.cmd = cmds[i].cmd;
		r.ifr_data = data.room;
		printf("%s: %s\n", cmds[i].name,
		       ioctl(fd, SIOCETHTOOL, &r) ? strerrorname_np(errno) : "0");
	}
	r = req("eth9");
	r.ifr_data = data.room;
	CALL(ioctl(fd, SIOCETHTOOL, &r));
}

/* The same by one who may not. */
static void unprivileged(void)
{
	struct ifreq r;

	part("another user");
	setresuid(1000, 1000, 1000);
	show("lo");
	r = with("lo", "10.5.0.1");
	CALL(ioctl(fd, SIOCSIFADDR, &r));
	CALL(ioctl(fd, SIOCSIFNETMASK, &r));
	r = req("lo");
	CALL(ioctl(fd, SIOCSIFFLAGS, &r));
	CALL(ioctl(fd, SIOCSIFMTU, &r));
	CALL(ioctl(fd, SIOCSIFTXQLEN, &r));
	CALL(ioctl(fd, SIOCSIFHWADDR, &r));
	r = req("eth9");
	CALL(ioctl(fd, SIOCSIFFLAGS, &r));
	CALL(ioctl(fd, SIOCSIFADDR, &r));
}

int main(void)
{
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	addresses();
	device();
	ethtool();
	unprivileged();
	return 0;
}
