/* SPDX-License-Identifier: MIT */
/*
 * Prints transcripts (transcript.h). Lines go out one by one, so that those of several processes
 * follow each other as the processes wrote them.
 */
#include "transcript.h"

volatile sig_atomic_t caught[65];

__attribute__((constructor)) static void begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 4096);
}

void part(const char *title)
{
	printf("-- %s\n", title);
}

long show_result(const char *text, long result)
{
	int err = errno;

	if (result == -1)
		printf("%s = -1 %s\n", text, strerrorname_np(err));
	else
		printf("%s = %ld\n", text, result);
	errno = err;
	return result;
}

static long show_as(const char *text, long result, const char *what)
{
	int err = errno;

	if (result < 0)
		printf("%s = %ld %s\n", text, result, strerrorname_np(err));
	else
		printf("%s = %s\n", text, result ? what : "0");
	errno = err;
	return result;
}

int show_fd(const char *text, int fd)
{
	return (int)show_as(text, fd, "fd");
}

pid_t show_pid(const char *text, pid_t pid)
{
	return (pid_t)show_as(text, pid, "pid");
}

long show_data(const char *text, const void *buf, long n)
{
	const unsigned char *p = buf;
	int err = errno;

	if (n < 0)
		return show_result(text, n);
	printf("%s = %ld \"", text, n);
	for (long i = 0; i < n && i < 40; i++)
		printf(p[i] >= ' ' && p[i] <= '~' ? "%c" : "\\x%02x", p[i]);
	printf("%s\"\n", n > 40 ? "..." : "");
	errno = err;
	return n;
}

int show_err(const char *text, int err)
{
	printf("%s = %s\n", text, err ? strerrorname_np(err) : "0");
	return err;
}

/* ---- names
 * --------------------------------------------------------------------------------------- */

struct bit {
	unsigned mask;
	const char *name;
};

static const char *bits(const struct bit *tab, unsigned value)
{
	static char out[4][256];
	static int turn;
	char *buf = out[turn++ % 4];
	size_t at = 0;

	buf[0] = '\0';
	for (; tab->name; tab++) {
		if ((value & tab->mask) != tab->mask)
			continue;
		at += (size_t)snprintf(buf + at, 256 - at, "%s%s", at ? "|" : "", tab->name);
		value &= ~tab->mask;
	}
	if (value || !at)
		snprintf(buf + at, 256 - at, value ? "%s0x%x" : "%s0", at ? "|" : "", value);
	return buf;
}

#define BIT(name)                                                                                  \
	{                                                                                          \
		(unsigned)name, #name                                                              \
	}

const char *poll_names(unsigned events)
{
	static const struct bit tab[] = {
	    BIT(POLLIN),     BIT(POLLPRI),   BIT(POLLOUT),    BIT(POLLERR),    BIT(POLLHUP),
	    BIT(POLLNVAL),   BIT(POLLRDHUP), BIT(POLLRDNORM), BIT(POLLRDBAND), BIT(POLLWRNORM),
	    BIT(POLLWRBAND), BIT(POLLMSG),   {0, NULL},
	};

	return bits(tab, events);
}

const char *msg_names(unsigned flags)
{
	static const struct bit tab[] = {
	    BIT(MSG_OOB),      BIT(MSG_EOR),	      BIT(MSG_TRUNC), BIT(MSG_CTRUNC),
	    BIT(MSG_ERRQUEUE), BIT(MSG_CMSG_CLOEXEC), {0, NULL},
	};

	return bits(tab, flags);
}

const char *signal_name(int sig)
{
	static char name[16];
	const char *abbrev = sigabbrev_np(sig);

	if (sig >= SIGRTMIN && sig <= SIGRTMAX)
		snprintf(name, sizeof(name), "SIGRTMIN+%d", sig - SIGRTMIN);
	else if (abbrev)
		snprintf(name, sizeof(name), "SIG%s", abbrev);
	else
		snprintf(name, sizeof(name), "%d", sig);
	return name;
}

void show_status(const char *text, int status)
{
	if (WIFEXITED(status))
		printf("%s: exited with %d\n", text, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		printf("%s: killed by %s%s\n", text, signal_name(WTERMSIG(status)),
		       WCOREDUMP(status) ? ", core dumped" : "");
	else if (WIFSTOPPED(status))
		printf("%s: stopped by %s\n", text, signal_name(WSTOPSIG(status)));
	else if (WIFCONTINUED(status))
		printf("%s: continued\n", text);
	else
		printf("%s: 0x%x\n", text, (unsigned)status);
}

short show_events(const char *text, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLPRI | POLLOUT | POLLRDHUP};

	settle();
	if (poll(&p, 1, 0) < 0)
		perror("poll");
	printf("%s: %s\n", text, poll_names((unsigned)p.revents));
	return p.revents;
}

/* ---- addresses
 * ----------------------------------------------------------------------------------- */

/* Ports from the ephemeral range by the order in which they turn up. */
static const char *port_name(int port)
{
	static int seen[64], n;
	static char name[16];
	int i;

	if (port < 32768 || port > 60999) {
		snprintf(name, sizeof(name), "%d", port);
		return name;
	}
	for (i = 0; i < n && seen[i] != port; i++)
		;
	if (i == n && n < 64)
		seen[n++] = port;
	snprintf(name, sizeof(name), "PORT%d", i + 1);
	return name;
}

void show_addr(const void *addr, socklen_t len)
{
	const struct sockaddr_in *in = addr;
	const struct sockaddr_in6 *in6 = addr;
	const struct sockaddr_un *un = addr;
	char text[64];

	if (len < sizeof(sa_family_t)) {
		printf("no address\n");
	} else if (in->sin_family == AF_INET && len >= sizeof(*in)) {
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		printf("%s:%s\n", text, port_name(ntohs(in->sin_port)));
	} else if (in->sin_family == AF_INET6 && len >= sizeof(*in6)) {
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		printf("[%s]:%s scope %u flow %u\n", text, port_name(ntohs(in6->sin6_port)),
		       in6->sin6_scope_id, ntohl(in6->sin6_flowinfo));
	} else if (in->sin_family == AF_UNIX && len == sizeof(sa_family_t)) {
		printf("unix, no name\n");
	} else if (in->sin_family == AF_UNIX) {
		int n = (int)(len - offsetof(struct sockaddr_un, sun_path));

		if (un->sun_path[0])
			printf("unix:%.*s length %u\n", n, un->sun_path, len);
		else
			printf("unix:@%.*s length %u\n", n - 1, un->sun_path + 1, len);
	} else {
		printf("family %d length %u\n", in->sin_family, len);
	}
}

void show_name(const char *text, int fd, int (*call)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);

	if (call(fd, (struct sockaddr *)&ss, &len)) {
		printf("%s: -1 %s\n", text, strerrorname_np(errno));
		return;
	}
	printf("%s: ", text);
	show_addr(&ss, len);
}

/* Parses into one of a few buffers; gives its length. */
static socklen_t parse(const char *text, struct sockaddr_storage *ss)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;
	struct sockaddr_un *un = (void *)ss;
	char host[64];
	int port = 0;

	memset(ss, 0, sizeof(*ss));
	if (!strcmp(text, "unspec"))
		return sizeof(*in);
	if (!strncmp(text, "unix:", 5)) {
		size_t n = strlen(text + 5);

		un->sun_family = AF_UNIX;
		memcpy(un->sun_path, text + 5, n);
		if (text[5] == '@')
			un->sun_path[0] = '\0';
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
				   (n && text[5] != '@'));
	}
	if (sscanf(text, "[%63[^]]]:%d", host, &port) >= 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
			abort();
		return sizeof(*in6);
	}
	if (sscanf(text, "%63[^:]:%d", host, &port) < 1)
		abort();
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
		abort();
	return sizeof(*in);
}

static struct sockaddr_storage *next_addr(void)
{
	static _Thread_local struct sockaddr_storage ring[8];
	static _Thread_local int turn;

	return &ring[turn++ % 8];
}

struct sockaddr *addr_of(const char *text)
{
	struct sockaddr_storage *ss = next_addr();

	parse(text, ss);
	return (struct sockaddr *)ss;
}

socklen_t addr_len(const char *text)
{
	struct sockaddr_storage ss;

	return parse(text, &ss);
}

int port_of(int fd)
{
	struct sockaddr_in6 a = {0};
	socklen_t len = sizeof(a);

	getsockname(fd, (struct sockaddr *)&a, &len);
	return ntohs(a.sin6_port); /* where an AF_INET address has it too */
}

struct sockaddr *addr_to(const char *host, int fd)
{
	struct sockaddr *sa = addr_of(host);

	((struct sockaddr_in *)sa)->sin_port = htons((uint16_t)port_of(fd));
	return sa;
}

int show_opt(const char *fd_text, const char *name_text, int fd, int level, int name)
{
	int val = -1;
	socklen_t len = sizeof(val);

	if (getsockopt(fd, level, name, &val, &len))
		printf("%s of %s: -1 %s\n", name_text, fd_text, strerrorname_np(errno));
	else if (level == SOL_SOCKET && name == SO_ERROR)
		printf("%s of %s: %s\n", name_text, fd_text, val ? strerrorname_np(val) : "0");
	else
		printf("%s of %s: %d\n", name_text, fd_text, val);
	return val;
}

/* ---- time, signals, pairs
 * ------------------------------------------------------------------------ */

long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

void show_took(long long ms, long long at_least)
{
	if (ms < at_least)
		printf("    took less than %lld ms\n", at_least);
	else if (at_least)
		printf("    took at least %lld ms\n", at_least);
	else
		printf("    took %s\n", ms < 500 ? "no time" : "too long");
}

void sleep_ms(int ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

void settle(void)
{
	sleep_ms(5);
}

static void count(int sig)
{
	caught[sig]++;
}

void catch_signal(int sig, int flags)
{
	struct sigaction sa = {.sa_handler = count, .sa_flags = flags};

	sigaction(sig, &sa, NULL);
}

void alarm_ms(int ms)
{
	struct itimerval it = {.it_value = {ms / 1000, ms % 1000 * 1000}};

	setitimer(ITIMER_REAL, &it, NULL);
}

void leave(int status)
{
	fflush(stdout);
	_exit(status);
}

int tcp_listener(const char *addr, int backlog)
{
	int fd = socket(addr[0] == '[' ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	if (bind(fd, ADDR(addr)) || listen(fd, backlog))
		perror("tcp_listener");
	return fd;
}

void tcp_pair(int fd[2], const char *host)
{
	int l = tcp_listener(host, 5);

	fd[0] = socket(host[0] == '[' ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	if (connect(fd[0], TO(host, l)))
		perror("tcp_pair");
	fd[1] = accept(l, NULL, NULL);
	close(l);
}

bool fill(int fd)
{
	static char block[4096];
	int flags = fcntl(fd, F_GETFL);
	long total = 0, before;

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	/* What the other side acknowledges late makes room again. */
	do {
		before = total;
		for (long n; total < 1 << 28 && (n = write(fd, block, sizeof(block))) > 0; total += n)
			;
		if (total != before)
			sleep_ms(60);
	} while (total != before && total < 1 << 28);
	fcntl(fd, F_SETFL, flags);
	return total < 1 << 28;
}
