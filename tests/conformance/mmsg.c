/* SPDX-License-Identifier: MIT */
/*
 * sendmmsg() and recvmmsg(): partial results, timeouts, MSG_WAITFORONE; vectors of
 * sendmsg(), readv(), writev().
 */
#include "transcript.h"

#define N 5
static struct mmsghdr m[N];
static struct iovec iov[N];
static char bufs[N][16];

static void prepare(bool sending)
{
	for (int i = 0; i < N; i++) {
		memset(&m[i], 0, sizeof(m[i]));
		if (sending)
			snprintf(bufs[i], sizeof(bufs[i]), "message %d", i);
		iov[i] = (struct iovec){bufs[i], sending ? strlen(bufs[i]) : 6u + (unsigned)i};
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
}

static void show(int n)
{
	for (int i = 0; i < n; i++)
		printf("  %u %.*s %s\n", m[i].msg_len, (int)m[i].msg_len, bufs[i],
		       msg_names((unsigned)m[i].msg_hdr.msg_flags));
}

static void *later(void *arg)
{
	sleep_ms(30);
	send(*(int *)arg, "late", 4, 0);
	return NULL;
}

int main(void)
{
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), n;
	struct timespec ts = {0, 60000000};
	pthread_t t;

	CALL(bind(b, ADDR("127.0.0.1:0")));
	CALL(connect(a, TO("127.0.0.1:0", b)));
	part("sendmmsg");
	prepare(true);
	CALL(sendmmsg(a, m, N, 0));
	show(N);
	part("recvmmsg");
	prepare(false);
	settle();
	n = (int)CALL(recvmmsg(b, m, N, MSG_DONTWAIT, NULL));
	show(n);
	CALL(recvmmsg(b, m, N, MSG_DONTWAIT, NULL));
	part("an error after the first message");
	prepare(true);
	m[2].msg_hdr.msg_iov = NULL;
	CALL(sendmmsg(a, m, N, 0));
	CALL(sendmmsg(a, m + 2, N - 2, 0));
	prepare(false);
	part("MSG_WAITFORONE");
	settle();
	CALL(recvmmsg(b, m, N, MSG_WAITFORONE, NULL));
	part("a timeout is looked at after each message");
	send(a, "one", 3, 0);
	pthread_create(&t, NULL, later, &a);
	prepare(false);
	ts = (struct timespec){0, 10000000};
	CALL(recvmmsg(b, m, 2, 0, &ts));
	pthread_join(t, NULL);
	ts = (struct timespec){0, 1000000000};
	CALL(recvmmsg(b, m, 2, 0, &ts));
	part("none, and many");
	CALL(sendmmsg(a, m, 0, 0));
	CALL(recvmmsg(b, m, 0, 0, NULL));
	part("vectors");
	int sv[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
	struct iovec w[3] = {{"ab", 2}, {"", 0}, {"cdef", 4}};
	struct iovec r[2] = {{bufs[0], 3}, {bufs[1], 10}};

	CALL(writev(sv[0], w, 3));
	CALL(readv(sv[1], r, 2));
	printf("%.3s %.3s\n", bufs[0], bufs[1]);
	CALL(writev(sv[0], w, 0));
	CALL(writev(sv[0], w, -1));
	CALL(writev(sv[0], w, 1025));
	CALL(writev(sv[0], NULL, 1));
	w[1].iov_len = (size_t)-1;
	CALL(writev(sv[0], w, 3));
	struct msghdr h = {.msg_iov = w, .msg_iovlen = 1025};

	CALL(sendmsg(sv[0], &h, 0));
	h.msg_iovlen = 1;
	h.msg_namelen = -1;
	CALL(sendmsg(sv[0], &h, 0));
	CALL(sendmsg(sv[0], NULL, 0));
	CALL(recvmsg(sv[0], NULL, 0));
	return 0;
}
