/* SPDX-License-Identifier: MIT */
/*
 * What a conformance program prints: one line for each call, the text of the call as it stands in
 * the program, then its result; errors by name. Whatever two runs on Linux need not agree on
 * (descriptors, pids, ephemeral ports, durations) has a name instead.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* "call = 3", "call = -1 EINVAL"; errno is kept. Gives the result. */
#define CALL(call) show_result(#call, (call))
/* As CALL(), for what gives a descriptor, pid or other number without meaning: "call = fd". */
#define FD(call) show_fd(#call, (call))
#define PID(call) show_pid(#call, (call))
/* As CALL(), with the bytes that came: "call = 3 "abc"". */
#define DATA(buf, call) show_data(#call, (buf), (call))
/* As CALL(), for what returns an error number: pthread_mutex_lock(). */
#define ERR(call) show_err(#call, (call))
/* "expression: yes" or "no". */
#define FACT(expr) ((void)printf("%s: %s\n", #expr, (expr) ? "yes" : "no"))
/* "expression: 12". */
#define VALUE(expr) ((void)printf("%s: %lld\n", #expr, (long long)(expr)))
/* "expression: POLLIN|POLLHUP", what poll() says now. */
#define EVENTS(fd) show_events(#fd, (fd))
/* "expression: 127.0.0.1:80", of what getsockname() or getpeername() says. */
#define NAME(fd) show_name("name of " #fd, (fd), getsockname)
#define PEER(fd) show_name("peer of " #fd, (fd), getpeername)
/* An int option, or the error. */
#define OPT(fd, level, name) show_opt(#fd, #name, (fd), (level), (name))
/* What the call took: "call: at least 100 ms" or "at once"; 0: at once. */
#define TOOK(ms, stmt)                                                                             \
	do {                                                                                       \
		long long took_from = now_ms();                                                    \
		stmt;                                                                              \
		show_took(now_ms() - took_from, (ms));                                             \
	} while (0)
/* Two arguments, address and length: "127.0.0.1:80", "[::1]:80", "unix:path", "unix:@abstract",
 * "unspec". */
#define ADDR(text) addr_of(text), addr_len(text)

long show_result(const char *text, long result);
int show_fd(const char *text, int fd);
pid_t show_pid(const char *text, pid_t pid);
long show_data(const char *text, const void *buf, long n);
int show_err(const char *text, int err);
short show_events(const char *text, int fd);
void show_name(const char *text, int fd, int (*call)(int, struct sockaddr *, socklen_t *));
void show_addr(const void *addr, socklen_t len);
int show_opt(const char *fd_text, const char *name_text, int fd, int level, int name);
void show_took(long long ms, long long at_least);
/* Names of bits, joined by '|'; valid until the fourth call after. */
const char *poll_names(unsigned events);
const char *msg_names(unsigned flags);
const char *signal_name(int sig);
void show_status(const char *text, int status);
/* A title between parts of a transcript. */
void part(const char *title);

struct sockaddr *addr_of(const char *text);
socklen_t addr_len(const char *text);
/* Of an address of this machine's: "127.0.0.1:port" for connect(); the port that fd is bound to. */
int port_of(int fd);
struct sockaddr *addr_to(const char *host, int fd);
#define TO(host, fd) addr_to(host, fd), addr_len(host)

long long now_ms(void);
void sleep_ms(int ms);
/* Time for another process or the network to do what it can do without us. */
void settle(void);
/* A handler that does nothing but count, and be noted: SA_RESTART or not. */
void catch_signal(int sig, int flags);
extern volatile sig_atomic_t caught[65];
/* SIGALRM once, or every ms. */
void alarm_ms(int ms);
/* Ends the transcript of a child without running what exit() runs. */
void leave(int status) __attribute__((noreturn));
/* A connected pair over 127.0.0.1 (or "[::1]"): [0] the client, [1] what accept() gave. */
void tcp_pair(int fd[2], const char *host);
int tcp_listener(const char *addr, int backlog);
/* Fills what fd can send without waiting; false: it never said EAGAIN. */
bool fill(int fd);

#endif
