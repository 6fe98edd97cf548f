/* queue-shutdown.c -- tasks in an intrusive list; four are added where three are done, and what
 * still waits at the end is done before the program leaves.
 *
 * Planted: the queue has no limit.  To work it off takes hardly any time, and as much allocation
 * as a sixth of the whole run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <stddef.h>

enum { N_TASKS = 80000 };

struct link {
	struct link *next, *previous;
};

struct task {
	size_t number;
	char text[72];
	struct link link;
	char *argument;
};

static struct link waiting = {&waiting, &waiting};

static NOINLINE void
task_submit(size_t number)
{
	struct task *t = malloc(sizeof *t);

	t->number = number;
	snprintf(t->text, sizeof t->text, "deliver message number %zu", number);
	t->argument = malloc(40);
	t->argument[0] = 1;
	t->link.next = &waiting;
	t->link.previous = waiting.previous;
	waiting.previous->next = &t->link;
	waiting.previous = &t->link;
}

static NOINLINE struct task *
task_next(void)
{
	struct link *l = waiting.next;

	if (l == &waiting)
		return NULL;
	l->previous->next = l->next;
	l->next->previous = l->previous;
	return (struct task *)((char *)l - offsetof(struct task, link));
}

static NOINLINE void
task_do(struct task *t)
{
	char *answer = malloc(300);

	snprintf(answer, 300, "%zu: %s", t->number, t->text);
	result_sink += (uint64_t)answer[0];
	free(answer);
	free(t->argument);
	free(t);
}

int
main(void)
{
	struct task *t;

	settings_load(100);
	for (size_t i = 0; i < N_TASKS; i++) {
		task_submit(i);
		if (i % 4 && (t = task_next()))
			task_do(t);
		/* Waiting for the network: no allocation, but time. */
		if (i % 100 == 0)
			wait_us(1000);
	}
	puts("stopping");
	while ((t = task_next()))
		task_do(t);
	return 0;
}
