/* SPDX-License-Identifier: MIT */
/* Threads that contend for a mutex, pass items through a bounded queue, and meet at a barrier. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#define THREADS 16

static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t slots;
static int counter, queued, taken, barriers;

static void put(void)
{
	pthread_mutex_lock(&queue_lock);
	while (queued == 4)
		pthread_cond_wait(&not_full, &queue_lock);
	queued++;
	pthread_cond_signal(&not_empty);
	pthread_mutex_unlock(&queue_lock);
}

static void take(void)
{
	pthread_mutex_lock(&queue_lock);
	while (!queued)
		pthread_cond_wait(&not_empty, &queue_lock);
	queued--;
	taken++;
	pthread_cond_signal(&not_full);
	pthread_mutex_unlock(&queue_lock);
}

static void *work(void *arg)
{
	long id = (long)arg;

	for (int i = 0; i < 1000; i++) {
		sem_wait(&slots);
		pthread_mutex_lock(&counter_lock);
		counter++;
		pthread_mutex_unlock(&counter_lock);
		sem_post(&slots);
		if (id % 2)
			put();
		else
			take();
	}
	for (int i = 0; i < 10; i++) {
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			barriers++;
	}
	return NULL;
}

int main(void)
{
	pthread_t t[THREADS];

	sem_init(&slots, 0, 3);
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, work, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	printf("counter %d, queue %d, barriers %d\n", counter, taken, barriers);
	return counter == THREADS * 1000 ? 0 : 1;
}
