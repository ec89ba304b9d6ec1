/* SPDX-License-Identifier: MIT */
/*
 * Words to wait for: what futex(2) refuses and in which order, time-outs, bits, requeueing.
 */
#include "transcript.h"

#include <linux/futex.h>

static unsigned word, second;
static int started;

static long futex(void *addr, int op, unsigned val, const void *timeout, void *addr2, unsigned val3)
{
	return syscall(SYS_futex, addr, op, val, timeout, addr2, val3);
}

static void refusals(void)
{
	static const struct timespec bad = {0, 1000000000}, negative = {-1, 0};
	char *odd = (char *)&word + 1;

	part("refusals");
	CALL(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
	CALL(futex(odd, FUTEX_WAIT, 0, NULL, NULL, 0));
	CALL(futex(odd, FUTEX_WAKE, 1, NULL, NULL, 0));
	CALL(futex(NULL, FUTEX_WAIT, 0, NULL, NULL, 0));
	CALL(futex(NULL, FUTEX_WAKE, 1, NULL, NULL, 0));
	CALL(futex((void *)8, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0));
	CALL(futex((void *)8, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
	CALL(futex(&word, 99, 0, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0));
	CALL(futex(&word, FUTEX_WAIT, 0, &negative, NULL, 0));
	CALL(futex(&word, FUTEX_WAIT, 0, (void *)8, NULL, 0));
	CALL(futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 1));
	CALL(futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &second, 1));
	CALL(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &second, 0));
	CALL(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, odd, 0));
	CALL(futex(&word, FUTEX_CMP_REQUEUE, (unsigned)-1, (void *)1, &second, 0));
	CALL(futex(&word, FUTEX_REQUEUE, 1, (void *)-1, &second, 0));
	CALL(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	word = 0;
}

static void timeouts(void)
{
	struct timespec t = {0, 20000000}, past = {0, 0}, until;

	part("time-outs");
	TOOK(20, CALL(futex(&word, FUTEX_WAIT, 0, &t, NULL, 0)));
	CALL(futex(&word, FUTEX_WAIT, 0, &past, NULL, 0));
	CALL(futex(&word, FUTEX_WAIT_BITSET, 0, &past, NULL, 1));
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	until.tv_nsec = 0;
	CALL(futex(&word, FUTEX_WAIT_BITSET, 0, &until, NULL, 1));
	clock_gettime(CLOCK_REALTIME, &until);
	CALL(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &until, NULL, 1));
}

struct waiter {
	int op;
	unsigned bits;
	long result;
	int err;
	pthread_t thread;
};

static void *wait_there(void *arg)
{
	struct waiter *w = arg;

	__atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
	w->result = futex(&word, w->op, 0, NULL, NULL, w->bits);
	w->err = errno;
	return NULL;
}

static void start(struct waiter *w, int n, int op, const unsigned *bits)
{
	started = 0;
	for (int i = 0; i < n; i++) {
		w[i] = (struct waiter){.op = op, .bits = bits ? bits[i] : 0};
		pthread_create(&w[i].thread, NULL, wait_there, &w[i]);
	}
	while (__atomic_load_n(&started, __ATOMIC_SEQ_CST) < n)
		sleep_ms(1);
	settle();
}

static void end(struct waiter *w, int n)
{
	for (int i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		printf("waiter %d: %ld\n", i, w[i].result);
	}
}

static void waking(void)
{
	static const unsigned bits[] = {1, 2, 4};
	struct waiter w[3];

	part("waking");
	start(w, 3, FUTEX_WAIT, NULL);
	CALL(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0));
	end(w, 3);
	CALL(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
	start(w, 3, FUTEX_WAIT_BITSET, bits);
	CALL(futex(&word, FUTEX_WAKE_BITSET, 3, NULL, NULL, 8));
	CALL(futex(&word, FUTEX_WAKE_BITSET, 3, NULL, NULL, 2));
	CALL(futex(&word, FUTEX_WAKE_BITSET, 3, NULL, NULL, 6));
	CALL(futex(&word, FUTEX_WAKE, 3, NULL, NULL, 0));
	end(w, 3);
}

static void requeueing(void)
{
	struct waiter w[3];

	part("requeueing");
	start(w, 3, FUTEX_WAIT, NULL);
	CALL(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &second, 0));
	CALL(futex(&second, FUTEX_WAKE, 9, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_REQUEUE, 0, (void *)9, &second, 0));
	CALL(futex(&word, FUTEX_WAKE, 9, NULL, NULL, 0));
	CALL(futex(&second, FUTEX_WAKE, 9, NULL, NULL, 0));
	end(w, 3);
	part("FUTEX_WAKE_OP");
	second = 5;
	CALL(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &second,
		   FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
	VALUE(second);
	CALL(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &second,
		   FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_LT, 0)));
	VALUE(second);
	CALL(
	    futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &second, FUTEX_OP(7, 1, FUTEX_OP_CMP_LT, 0)));
	CALL(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, NULL,
		   FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_LT, 0)));
}

int main(void)
{
	refusals();
	timeouts();
	waking();
	requeueing();
	return 0;
}
