/* demo.c -- a small server-like program with three ways to use memory.
 *
 * It answers 20000 requests.  Each one
 *   - builds a reply and throws it away (temporary garbage),
 *   - writes a line to a log that keeps the last 256 lines (a bounded ring),
 *   - remembers its user in a session table from which nothing is ever
 *     removed (the part that grows: what the report should show as old).
 * The same allocations in every run; about a second.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_REQUESTS = 20000, N_LOG_LINES = 256, N_BUCKETS = 4096, PAGE_BYTES = 8192 };

struct session {
	struct session *next;
	char *user;
	uint32_t n_visits;
	char preferences[512];
};

static struct session *sessions[N_BUCKETS];
static char *log_lines[N_LOG_LINES];

static void *
must(void *p)
{
	if (!p) {
		fputs("demo: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static struct session *
remember_user(uint32_t id)
{
	struct session **bucket = &sessions[id % N_BUCKETS];
	char name[32];
	struct session *s;

	(void)snprintf(name, sizeof(name), "user-%u", (unsigned)id);
	for (s = *bucket; s; s = s->next) {
		if (strcmp(s->user, name) == 0)
			return s;
	}
	s = must(calloc(1, sizeof(*s)));
	s->user = must(strdup(name));
	s->next = *bucket;
	*bucket = s;
	return s;
}

static void
log_request(uint32_t number, const struct session *s)
{
	char line[128];
	uint32_t slot = number % N_LOG_LINES;

	(void)snprintf(line, sizeof(line), "request %u by %s, visit %u", (unsigned)number, s->user,
		       (unsigned)s->n_visits);
	free(log_lines[slot]);
	log_lines[slot] = must(strdup(line));
}

static size_t
render_page(const struct session *s, uint32_t *seed)
{
	size_t bytes = 0, room = 64;
	char *page = must(malloc(room));

	while (bytes < PAGE_BYTES) {
		char *item = must(malloc(64));
		int n = snprintf(item, 64, "<li>%s %u</li>\n", s->user, (unsigned)next_random(seed));

		if (bytes + (size_t)n + 1 > room) {
			room *= 2;
			page = must(realloc(page, room));
		}
		memcpy(page + bytes, item, (size_t)n + 1);
		bytes += (size_t)n;
		free(item);
	}
	free(page);
	return bytes;
}

static size_t
handle_request(uint32_t number, uint32_t *seed)
{
	struct session *s = remember_user(next_random(seed) % (2 * N_REQUESTS));

	s->n_visits++;
	log_request(number, s);
	return render_page(s, seed);
}

int
main(void)
{
	uint32_t seed = 42, i;
	size_t bytes = 0;

	for (i = 0; i < N_REQUESTS; i++)
		bytes += handle_request(i, &seed);
	printf("demo: %u requests, %zu bytes sent\n", (unsigned)N_REQUESTS, bytes);
	return 0;
}
