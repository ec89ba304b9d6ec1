/* SPDX-License-Identifier: MIT */
/*
 * sendmsg(2), recvmsg(2) and their relatives, on UDP over the loopback device: names, flags,
 * control messages, time limits, several messages in one call.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define PORT 5353

static struct sockaddr_in addr(u16 port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* A bound receiver and a sender that is not bound. */
static void pair(struct vproc *p, int fd[2], u16 port)
{
	struct sockaddr_in sin = addr(port);

	fd[0] = (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM, 0);
	fd[1] = (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(vcall(p, SYS_bind, fd[0], &sin, sizeof(sin)), 0);
}

static void names(struct vproc *p)
{
	struct sockaddr_in sin = addr(PORT), from = { 0 }, self = { 0 };
	socklen_t len = sizeof(from);
	char buf[16] = { 0 };
	int fd[2];

	pair(p, fd, PORT);
	assert_int_equal(vcall(p, SYS_sendto, fd[1], "hello", 5, 0, 0, 0), -EDESTADDRREQ);
	assert_int_equal(vcall(p, SYS_sendto, fd[1], "hello", 5, 0, &sin, 4), -EINVAL);
	assert_int_equal(vcall(p, SYS_sendto, fd[1], "hello", 5, 0, &sin, 200), -EINVAL);
	assert_int_equal(vcall(p, SYS_sendto, fd[1], "hello", 5, 0, &sin, sizeof(sin)), 5);
	assert_int_equal(vcall(p, SYS_recvfrom, fd[0], buf, 16, 0, &from, &len), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(len, sizeof(from));
	len = sizeof(self);
	assert_int_equal(vcall(p, SYS_getsockname, fd[1], &self, &len), 0);
	assert_int_equal(from.sin_port, self.sin_port);
	assert_int_equal(from.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(self.sin_addr.s_addr, 0);
	/* A short buffer for the name: as much as fits, and the full length. */
	assert_int_equal(vcall(p, SYS_sendto, fd[1], "", 0, 0, &sin, sizeof(sin)), 0);
	memset(&from, 0xee, sizeof(from));
	len = 2;
	assert_int_equal(vcall(p, SYS_recvfrom, fd[0], buf, 16, 0, &from, &len), 0);
	assert_int_equal(len, sizeof(from));
	assert_int_equal(from.sin_family, AF_INET);
	assert_int_equal(from.sin_port, 0xeeee);
	assert_int_equal(vcall(p, SYS_connect, fd[1], &sin, sizeof(sin)), 0);
	assert_int_equal(vcall(p, SYS_write, fd[1], "abc", 3), 3);
	assert_int_equal(vcall(p, SYS_read, fd[0], buf, 2), 2);
	assert_int_equal(vcall(p, SYS_recvfrom, fd[0], buf, 2, MSG_DONTWAIT, 0, 0), -EAGAIN);
}

static void test_names(void **state)
{
	vrun(names);
}

static void flags(struct vproc *p)
{
	struct sockaddr_in sin = addr(PORT);
	char buf[16];
	struct iovec iov[2] = { { buf, 2 }, { buf + 8, 3 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	int fd[2];

	pair(p, fd, PORT);
	assert_int_equal(vcall(p, SYS_sendto, fd[1], "0123456789", 10, 0, &sin, sizeof(sin)), 10);
	assert_int_equal(vcall(p, SYS_recvfrom, fd[0], buf, 4, MSG_PEEK, 0, 0), 4);
	assert_int_equal(vcall(p, SYS_recvfrom, fd[0], buf, 4, MSG_PEEK | MSG_TRUNC, 0, 0), 10);
	assert_int_equal(vcall(p, SYS_recvmsg, fd[0], &msg, 0), 5);
	assert_int_equal(msg.msg_flags, MSG_TRUNC);
	assert_memory_equal(buf, "01", 2);
	assert_memory_equal(buf + 8, "234", 3);
	assert_int_equal(vcall(p, SYS_sendto, fd[1], "x", 1, MSG_OOB, &sin, sizeof(sin)), -EOPNOTSUPP);
	msg.msg_iovlen = 1025;
	assert_int_equal(vcall(p, SYS_recvmsg, fd[0], &msg, MSG_DONTWAIT), -EMSGSIZE);
	assert_int_equal(vcall(p, SYS_readv, fd[0], iov, 1025), -EINVAL);
	iov[0].iov_len = (size_t)-1;
	msg.msg_iovlen = 1;
	assert_int_equal(vcall(p, SYS_recvmsg, fd[0], &msg, MSG_DONTWAIT), -EINVAL);
	msg.msg_namelen = (socklen_t)-1;
	assert_int_equal(vcall(p, SYS_sendmsg, fd[1], &msg, 0), -EINVAL);
}

static void test_flags(void **state)
{
	vrun(flags);
}

static s64 recv_control(struct vproc *p, int fd, struct msghdr *msg, void *control, size_t room)
{
	static char buf[16];
	static struct iovec iov = { buf, sizeof(buf) };

	*msg = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				.msg_controllen = room };
	return vcall(p, SYS_recvmsg, fd, msg, 0);
}

/* cmsg(3): what does not fit is cut, and MSG_CTRUNC says so. */
static void control(struct vproc *p)
{
	struct sockaddr_in sin = addr(PORT);
	_Alignas(8) u8 buf[256];
	struct cmsghdr *c = (void *)buf;
	struct msghdr msg;
	int fd[2], one = 1;

	pair(p, fd, PORT);
	vcall(p, SYS_setsockopt, fd[0], SOL_SOCKET, SO_TIMESTAMPNS, &one, 4);
	vcall(p, SYS_setsockopt, fd[0], IPPROTO_IP, IP_PKTINFO, &one, 4);
	for (int i = 0; i < 5; i++)
		vcall(p, SYS_sendto, fd[1], "x", 1, 0, &sin, sizeof(sin));
	assert_int_equal(recv_control(p, fd[0], &msg, buf, sizeof(buf)), 1);
	assert_int_equal(msg.msg_flags, 0);
	assert_int_equal(msg.msg_controllen, CMSG_SPACE(16) + CMSG_SPACE(12));
	assert_int_equal(c->cmsg_type, SO_TIMESTAMPNS);
	assert_int_equal(c->cmsg_len, CMSG_LEN(16));
	c = CMSG_NXTHDR(&msg, c);
	assert_int_equal(c->cmsg_type, IP_PKTINFO);
	assert_int_equal(((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex, 1);
	/* Room for one and a half. */
	assert_int_equal(recv_control(p, fd[0], &msg, buf, CMSG_SPACE(16) + 20), 1);
	assert_int_equal(msg.msg_flags, MSG_CTRUNC);
	assert_int_equal(msg.msg_controllen, CMSG_SPACE(16) + 20);
	assert_int_equal(((struct cmsghdr *)(void *)(buf + CMSG_SPACE(16)))->cmsg_len, 20);
	/* Not even a header. */
	assert_int_equal(recv_control(p, fd[0], &msg, buf, 8), 1);
	assert_int_equal(msg.msg_flags, MSG_CTRUNC);
	assert_int_equal(msg.msg_controllen, 0);
	assert_int_equal(recv_control(p, fd[0], &msg, NULL, 0), 1);
	assert_int_equal(msg.msg_flags, MSG_CTRUNC);
	assert_int_equal(vcall(p, SYS_recvfrom, fd[0], buf, 16, 0, 0, 0), 1);
}

static void test_control(void **state)
{
	vrun(control);
}

static void timeouts(struct vproc *p)
{
	struct timeval tv = { .tv_usec = 40000 };
	nsec_t start = vproc_now(p);
	char c;
	int fd[2];

	pair(p, fd, PORT);
	vcall(p, SYS_setsockopt, fd[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	assert_int_equal(vcall(p, SYS_read, fd[0], &c, 1), -EAGAIN);
	assert_in_range(vproc_now(p) - start, 40 * NSEC_PER_MSEC, 60 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_shutdown, fd[0], SHUT_RD), -ENOTCONN);
	assert_int_equal(vcall(p, SYS_read, fd[0], &c, 1), 0);
}

static void test_timeouts(void **state)
{
	vrun(timeouts);
}

static void send_later(struct vproc *p)
{
	struct sockaddr_in sin = addr(PORT);
	int *fd = vproc_arg(p);

	vproc_sleep(p, 10 * NSEC_PER_MSEC);
	vcall(p, SYS_sendto, fd[1], "third", 5, 0, &sin, sizeof(sin));
}

static void many(struct vproc *p)
{
	struct sockaddr_in sin = addr(PORT);
	static char buf[4][8];
	struct iovec out[2] = { { "one", 3 }, { "two!", 4 } }, in[4];
	struct mmsghdr vec[4];
	int fd[2];

	memset(vec, 0, sizeof(vec));
	pair(p, fd, PORT);
	for (int i = 0; i < 2; i++)
		vec[i].msg_hdr = (struct msghdr){ .msg_iov = &out[i], .msg_iovlen = 1,
						  .msg_name = &sin, .msg_namelen = sizeof(sin) };
	vec[2].msg_hdr = (struct msghdr){ .msg_iov = out, .msg_iovlen = 1 };
	/* The third has no destination: two went, the error is not told. */
	assert_int_equal(vcall(p, SYS_sendmmsg, fd[1], vec, 3, 0), 2);
	assert_int_equal(vec[1].msg_len, 4);
	assert_int_equal(vcall(p, SYS_sendmmsg, fd[1], &vec[2], 1, 0), -EDESTADDRREQ);
	for (int i = 0; i < 4; i++) {
		in[i] = (struct iovec){ buf[i], 8 };
		vec[i].msg_hdr = (struct msghdr){ .msg_iov = &in[i], .msg_iovlen = 1 };
	}
	assert_int_equal(vcall(p, SYS_recvmmsg, fd[0], vec, 4, MSG_WAITFORONE, 0), 2);
	assert_int_equal(vec[0].msg_len, 3);
	assert_memory_equal(buf[1], "two!", 4);
	assert_int_equal(vcall(p, SYS_recvmmsg, fd[0], vec, 4, MSG_DONTWAIT, 0), -EAGAIN);
	assert_int_equal(vcall(p, SYS_sendto, fd[1], "first", 5, 0, &sin, sizeof(sin)), 5);
	assert_true(vproc_fork(p, send_later, fd) > 0);
	assert_int_equal(vcall(p, SYS_recvmmsg, fd[0], vec, 2, 0, 0), 2);
	assert_int_equal(vec[1].msg_len, 5);
	assert_memory_equal(buf[1], "third", 5);
}

static void test_many(void **state)
{
	vrun(many);
}

/* Readiness of a socket, and an ICMP error that arrives. */
static void events(struct vproc *p)
{
	struct sockaddr_in sin = addr(PORT), nobody = addr(PORT + 1);
	struct epoll_event ev[2];
	struct pollfd pfd;
	int fd[2], ep = (int)vcall(p, SYS_epoll_create1, 0), err = 0;
	socklen_t len = sizeof(err);

	pair(p, fd, PORT);
	ev[0] = (struct epoll_event){ .events = EPOLLIN | EPOLLET, .data.fd = fd[0] };
	assert_int_equal(vcall(p, SYS_epoll_ctl, ep, EPOLL_CTL_ADD, fd[0], ev), 0);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 2, 0), 0);
	assert_true(vproc_fork(p, send_later, fd) > 0);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 2, -1), 1);
	assert_int_equal(ev[0].events, EPOLLIN);
	assert_int_equal(ev[0].data.fd, fd[0]);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 2, 0), 0);
	vcall(p, SYS_sendto, fd[1], "x", 1, 0, &sin, sizeof(sin));
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 2, 100), 1);
	assert_int_equal(vcall(p, SYS_connect, fd[1], &nobody, sizeof(nobody)), 0);
	assert_int_equal(vcall(p, SYS_write, fd[1], "x", 1), 1);
	vproc_sleep(p, NSEC_PER_MSEC);
	pfd = (struct pollfd){ .fd = fd[1], .events = POLLIN | POLLOUT };
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 0), 1);
	assert_int_equal(pfd.revents, POLLOUT | POLLERR);
	assert_int_equal(vcall(p, SYS_getsockopt, fd[1], SOL_SOCKET, SO_ERROR, &err, &len), 0);
	assert_int_equal(err, ECONNREFUSED);
	assert_int_equal(vcall(p, SYS_getsockopt, fd[1], SOL_SOCKET, SO_ERROR, &err, &len), 0);
	assert_int_equal(err, 0);
	assert_int_equal(vcall(p, SYS_write, fd[1], "x", 1), 1);
	vproc_sleep(p, NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_write, fd[1], "x", 1), -ECONNREFUSED);
}

static void test_events(void **state)
{
	vrun(events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	 cmocka_unit_test(test_flags),
		cmocka_unit_test(test_control),	 cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_many),	 cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
