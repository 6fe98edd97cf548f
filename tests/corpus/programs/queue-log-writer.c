/* queue-log-writer.c -- three threads log lines, one thread writes them.
 *
 * Planted: the writer writes one line for three that come, as a slow disk
 * would; the list between them grows.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <pthread.h>

enum { N_PRODUCERS = 3, N_LINES = 40000, N_WRITTEN = N_PRODUCERS * N_LINES / 3 };

struct line {
	struct line *next;
	size_t length;
	char text[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static struct line *first, **last = &first;
static size_t n_logged, n_waiting;

static NOINLINE struct line *
line_format(size_t producer, size_t number, struct numbers *n)
{
	char text[300];
	int length = snprintf(text, sizeof text,
			      "worker %zu: request %zu from 10.0.%zu.%zu done in %zu us",
			      producer, number, below(n, 256), below(n, 256),
			      below(n, 100000));
	struct line *l = malloc(sizeof *l + (size_t)length + 1);

	l->next = NULL;
	l->length = (size_t)length;
	memcpy(l->text, text, (size_t)length + 1);
	return l;
}

static void *
produce(void *argument)
{
	size_t producer = (size_t)argument, i;
	struct numbers n = {29 + producer};

	for (i = 0; i < N_LINES; i++) {
		struct line *l = line_format(producer, i, &n);

		pthread_mutex_lock(&lock);
		*last = l;
		last = &l->next;
		n_logged++;
		n_waiting++;
		if (n_logged % 64 == 0)
			pthread_cond_signal(&arrived);
		pthread_mutex_unlock(&lock);
		request_noise(&n, 1800);
	}
	return NULL;
}

static void *
write_lines(void *argument)
{
	FILE *file = argument;
	size_t written;

	for (written = 0; written < N_WRITTEN; written++) {
		struct line *l;

		pthread_mutex_lock(&lock);
		while (n_logged < 3 * (written + 1))
			pthread_cond_wait(&arrived, &lock);
		l = first;
		first = l->next;
		if (!first)
			last = &first;
		n_waiting--;
		pthread_mutex_unlock(&lock);
		fprintf(file, "%s\n", l->text);
		free(l);
	}
	return NULL;
}

int
main(void)
{
	FILE *file = fopen("/dev/null", "w");
	pthread_t writer, producers[N_PRODUCERS];
	size_t i;

	if (!file)
		return 1;
	settings_load(200);
	pthread_create(&writer, NULL, write_lines, file);
	for (i = 0; i < N_PRODUCERS; i++)
		pthread_create(&producers[i], NULL, produce, (void *)i);
	for (i = 0; i < N_PRODUCERS; i++)
		pthread_join(producers[i], NULL);
	pthread_cond_signal(&arrived);
	pthread_join(writer, NULL);
	fclose(file);
	printf("%zu lines wait\n", n_waiting);
	return 0;
}
