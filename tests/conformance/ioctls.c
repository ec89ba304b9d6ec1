/* SPDX-License-Identifier: MIT */
/*
 * ioctls that ask about interfaces: SIOCGIFCONF and its kin on a host that has lo only;
 * if_nameindex(), getifaddrs(): netdevice(7).
 */
#include "transcript.h"
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>

static struct ifreq req(const char *name)
{
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	return r;
}

static const char *ip(const struct sockaddr *sa)
{
	static char text[64];

	inet_ntop(sa->sa_family,
		  sa->sa_family == AF_INET ? (void *)&((struct sockaddr_in *)sa)->sin_addr
					   : (void *)&((struct sockaddr_in6 *)sa)->sin6_addr,
		  text, sizeof(text));
	return text;
}

int main(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq r, many[4];
	struct ifconf conf = {.ifc_len = sizeof(many), .ifc_req = many};

	part("SIOCGIFCONF");
	CALL(ioctl(fd, SIOCGIFCONF, &conf));
	VALUE(conf.ifc_len / (int)sizeof(many[0]));
	printf("%s %s\n", many[0].ifr_name, ip(&many[0].ifr_addr));
	conf = (struct ifconf){.ifc_len = 0, .ifc_req = NULL};
	CALL(ioctl(fd, SIOCGIFCONF, &conf));
	VALUE(conf.ifc_len / (int)sizeof(many[0]));
	conf = (struct ifconf){.ifc_len = 10, .ifc_req = many};
	CALL(ioctl(fd, SIOCGIFCONF, &conf));
	VALUE(conf.ifc_len);
	part("lo");
	r = req("lo");
	CALL(ioctl(fd, SIOCGIFFLAGS, &r));
	FACT(r.ifr_flags == (IFF_UP | IFF_LOOPBACK | IFF_RUNNING));
	CALL(ioctl(fd, SIOCGIFINDEX, &r));
	VALUE(r.ifr_ifindex);
	CALL(ioctl(fd, SIOCGIFMTU, &r));
	VALUE(r.ifr_mtu);
	CALL(ioctl(fd, SIOCGIFHWADDR, &r));
	FACT(r.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK);
	CALL(ioctl(fd, SIOCGIFADDR, &r));
	puts(ip(&r.ifr_addr));
	CALL(ioctl(fd, SIOCGIFNETMASK, &r));
	puts(ip(&r.ifr_netmask));
	r = req("lo");
	CALL(ioctl(fd, SIOCGIFBRDADDR, &r));
	CALL(ioctl(fd, SIOCGIFTXQLEN, &r));
	VALUE(r.ifr_qlen);
	CALL(ioctl(fd, SIOCGIFMETRIC, &r));
	VALUE(r.ifr_metric);
	r = req("");
	r.ifr_ifindex = 1;
	CALL(ioctl(fd, SIOCGIFNAME, &r));
	puts(r.ifr_name);
	r.ifr_ifindex = 77;
	CALL(ioctl(fd, SIOCGIFNAME, &r));
	part("another");
	r = req("eth9");
	CALL(ioctl(fd, SIOCGIFFLAGS, &r));
	CALL(ioctl(fd, SIOCGIFADDR, &r));
	CALL(ioctl(fd, SIOCGIFINDEX, &r));
	part("from sockets of other families");
	r = req("lo");
	CALL(ioctl(socket(AF_UNIX, SOCK_DGRAM, 0), SIOCGIFMTU, &r));
	CALL(ioctl(socket(AF_INET6, SOCK_DGRAM, 0), SIOCGIFINDEX, &r));
	CALL(ioctl(0, SIOCGIFINDEX, &r));
	CALL(ioctl(fd, SIOCGIFINDEX, NULL));
	part("the library");
	VALUE(if_nametoindex("lo"));
	VALUE(if_nametoindex("eth9"));
	char name[IFNAMSIZ];

	FACT(if_indextoname(1, name) == name);
	puts(name);
	return 0;
}
