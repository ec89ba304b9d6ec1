/* SPDX-License-Identifier: MIT */
/*
 * Threads: results of mutexes, conditions, barriers, semaphores; robust and shared ones;
 * thread ids; exit: pthreads(7).
 */
#include "transcript.h"
#include <semaphore.h>
#include <sys/mman.h>

static pthread_mutex_t m, plain = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static int sum, serial, stage;

static struct timespec in_ms(clockid_t clock, int ms)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	ts.tv_nsec += ms * 1000000L;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return ts;
}

static void make(int type, int robust, int shared, pthread_mutex_t *mutex)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, type);
	pthread_mutexattr_setrobust(&a, robust);
	pthread_mutexattr_setpshared(&a, shared);
	pthread_mutex_init(mutex, &a);
}

static void *add(void *arg)
{
	for (int i = 0; i < 10000; i++) {
		pthread_mutex_lock(&plain);
		sum++;
		pthread_mutex_unlock(&plain);
	}
	if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		__atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
	return arg;
}

static void *try_lock(void *arg)
{
	(void)arg;
	ERR(pthread_mutex_trylock(&m));
	ERR(pthread_mutex_unlock(&m));
	return NULL;
}

static void *die_with_lock(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

/* Two threads take turns. */
static void *turns(void *arg)
{
	int me = *(int *)arg;

	for (int i = 0; i < 3; i++) {
		pthread_mutex_lock(&plain);
		while (stage % 2 != me)
			pthread_cond_wait(&cond, &plain);
		printf("thread %d, turn %d\n", me, i);
		stage++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&plain);
	}
	return NULL;
}

static void *cancelled(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

static void *slow(void *arg)
{
	sleep_ms(20);
	return arg;
}

static void *reader(void *arg)
{
	(void)arg;
	ERR(pthread_rwlock_tryrdlock(&rw));
	ERR(pthread_rwlock_trywrlock(&rw));
	ERR(pthread_rwlock_unlock(&rw));
	return NULL;
}

int main(void)
{
	pthread_t t[4];
	void *ret;
	struct timespec ts;
	sem_t sem;

	part("counting together");
	pthread_barrier_init(&barrier, NULL, 4);
	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, add, (void *)i);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &ret);
		VALUE((long)ret);
	}
	VALUE(sum);
	VALUE(serial);
	part("kinds of mutexes");
	make(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, 0, &m);
	ERR(pthread_mutex_unlock(&m));
	ERR(pthread_mutex_lock(&m));
	ERR(pthread_mutex_lock(&m));
	ERR(pthread_mutex_trylock(&m));
	pthread_create(&t[0], NULL, try_lock, NULL);
	pthread_join(t[0], NULL);
	make(PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, 0, &m);
	ERR(pthread_mutex_lock(&m));
	ERR(pthread_mutex_lock(&m));
	ERR(pthread_mutex_unlock(&m));
	pthread_create(&t[0], NULL, try_lock, NULL);
	pthread_join(t[0], NULL);
	part("timed");
	make(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, 0, &m);
	pthread_mutex_lock(&m);
	ts = in_ms(CLOCK_REALTIME, 30);
	TOOK(29, ERR(pthread_mutex_timedlock(&m, &ts)));
	ts = in_ms(CLOCK_MONOTONIC, 30);
	TOOK(29, ERR(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &ts)));
	ts = in_ms(CLOCK_REALTIME, 30);
	TOOK(29, ERR(pthread_cond_timedwait(&cond, &m, &ts)));
	sem_init(&sem, 0, 1);
	CALL(sem_trywait(&sem));
	CALL(sem_trywait(&sem));
	ts = in_ms(CLOCK_REALTIME, 30);
	TOOK(29, CALL(sem_timedwait(&sem, &ts)));
	ts.tv_nsec = -1;
	CALL(sem_timedwait(&sem, &ts));
	part("turns");
	int ids[2] = {0, 1};

	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, turns, &ids[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	part("robust: the owner has died");
	make(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, 0, &m);
	pthread_create(&t[0], NULL, die_with_lock, &m);
	pthread_join(t[0], NULL);
	ERR(pthread_mutex_trylock(&m));
	ERR(pthread_mutex_consistent(&m));
	ERR(pthread_mutex_unlock(&m));
	pthread_create(&t[0], NULL, die_with_lock, &m);
	pthread_join(t[0], NULL);
	ERR(pthread_mutex_lock(&m));
	ERR(pthread_mutex_unlock(&m));
	ERR(pthread_mutex_lock(&m));
	part("robust and shared between processes");
	pthread_mutex_t *sm =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	make(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PROCESS_SHARED, sm);
	pid_t pid = fork();

	if (!pid) {
		pthread_mutex_lock(sm);
		sleep_ms(40);
		_exit(0);
	}
	sleep_ms(15);
	ERR(pthread_mutex_trylock(sm));
	ERR(pthread_mutex_lock(sm));
	ERR(pthread_mutex_consistent(sm));
	ERR(pthread_mutex_unlock(sm));
	waitpid(pid, NULL, 0);
	part("read and write locks");
	ERR(pthread_rwlock_rdlock(&rw));
	pthread_create(&t[0], NULL, reader, NULL);
	pthread_join(t[0], NULL);
	ERR(pthread_rwlock_unlock(&rw));
	part("cancelled, detached, unknown");
	pthread_create(&t[0], NULL, cancelled, NULL);
	settle();
	ERR(pthread_cancel(t[0]));
	ERR(pthread_join(t[0], &ret));
	FACT(ret == PTHREAD_CANCELED);
	ERR(pthread_join(pthread_self(), NULL));
	part("ids");
	FACT(gettid() == getpid());
	CALL((int)syscall(SYS_tgkill, getpid(), 999999, 0));
	CALL((int)syscall(SYS_tkill, gettid(), 0));
	part("exec and exit end all threads");
	pid = fork();
	if (!pid) {
		pthread_create(&t[0], NULL, cancelled, NULL);
		exit(8);
	}
	int status;

	waitpid(pid, &status, 0);
	show_status("child", status);
	pid = fork();
	if (!pid) {
		pthread_create(&t[0], NULL, slow, NULL);
		pthread_exit(NULL);
	}
	waitpid(pid, &status, 0);
	show_status("child whose main thread left", status);
	return 0;
}
