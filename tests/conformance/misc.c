/* SPDX-License-Identifier: MIT */
/*
 * What a program learns about its machine: uname, getrandom, ids, name lookup, interfaces,
 * /proc/net: uname(2), getrandom(2), getaddrinfo(3).
 */
#include "transcript.h"
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/random.h>
#include <sys/utsname.h>

static void first_line(const char *path)
{
	char line[512] = "";
	FILE *f = fopen(path, "r");

	if (!f) {
		printf("%s: %s\n", path, strerrorname_np(errno));
		return;
	}
	fgets(line, sizeof(line), f);
	line[strcspn(line, "\n")] = '\0';
	printf("%s: \"%s\"\n", path, line);
	fclose(f);
}

static void lookup(const char *name, const char *service, int family, int flags)
{
	struct addrinfo hints = {.ai_family = family,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = flags},
			*res;
	int err = getaddrinfo(name, service, &hints, &res);

	printf("%s %s: %s\n", name ? name : "-", service ? service : "-",
	       err ? gai_strerror(err) : "found");
	if (err)
		return;
	show_addr(res->ai_addr, res->ai_addrlen); /* how many follow depends on /etc/hosts */
	freeaddrinfo(res);
}

int main(void)
{
	struct utsname u;
	struct ifaddrs *list;
	unsigned char r[16] = {0}, zero[16] = {0};
	char host[65];

	part("uname");
	CALL(uname(&u));
	puts(u.sysname);
	puts(u.machine);
	FACT(!strncmp(u.release, "6.18", 4));
	CALL(gethostname(host, sizeof(host)));
	FACT(!strcmp(host, u.nodename));
	part("getrandom");
	CALL(getrandom(r, 16, 0));
	FACT(memcmp(r, zero, 16) != 0);
	CALL(getrandom(r, 0, 0));
	CALL(getrandom(r, 16, 77));
	CALL(getrandom(r, 16, GRND_NONBLOCK | GRND_RANDOM));
	CALL(getrandom(NULL, 16, 0));
	part("ids");
	CALL(getuid());
	CALL(getegid());
	part("localhost");
	lookup("127.0.0.1", "80", AF_UNSPEC, AI_NUMERICHOST);
	lookup("::1", "80", AF_UNSPEC, AI_NUMERICHOST);
	lookup("localhost", "80", AF_INET, 0);
	lookup(NULL, "80", AF_INET, AI_PASSIVE);
	lookup("nonsense", "80", AF_INET, AI_NUMERICHOST);
	part("getifaddrs");
	if (!CALL(getifaddrs(&list))) {
		for (struct ifaddrs *i = list; i; i = i->ifa_next) {
			if (!i->ifa_addr || i->ifa_addr->sa_family == AF_PACKET)
				continue;
			printf("%s flags 0x%x: ", i->ifa_name, i->ifa_flags);
			show_addr(i->ifa_addr, i->ifa_addr->sa_family == AF_INET
						   ? sizeof(struct sockaddr_in)
						   : sizeof(struct sockaddr_in6));
		}
		freeifaddrs(list);
	}
	part("/proc/net");
	first_line("/proc/net/tcp");
	first_line("/proc/net/tcp6");
	first_line("/proc/net/udp");
	first_line("/proc/net/udp6");
	first_line("/proc/net/unix");
	first_line("/proc/net/dev");
	first_line("/proc/net/route");
	first_line("/proc/net/if_inet6");
	first_line("/proc/net/nosuch");
	first_line("/proc/sys/net/ipv4/ip_default_ttl");
	first_line("/proc/sys/net/core/somaxconn");
	first_line("/proc/sys/net/ipv4/tcp_syncookies");
	first_line("/proc/sys/net/ipv4/ip_local_port_range");
	return 0;
}
