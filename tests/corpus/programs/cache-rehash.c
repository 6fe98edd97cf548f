/* cache-rehash.c -- a dictionary of words whose buckets hold their first entry in place, with
 * texts in a pool.
 *
 * Planted: every word that was ever seen stays.  While the table was small, growing
 * it freed some of the entries of the chains, as these moved into buckets; since it
 * has its final size, nothing is freed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_WORDS = 80000, MOST_BUCKETS = 2048 };

struct word {
	struct word *next;
	char *text;
	int is_used;
};

static struct word *buckets;
static size_t n_buckets = 16, n_words;
static char *pool, *pool_end;

static NOINLINE char *
text_keep(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *kept;

	if (pool + bytes > pool_end) {
		pool = malloc(65536);
		pool_end = pool + 65536;
	}
	kept = memcpy(pool, text, bytes);
	pool += bytes;
	return kept;
}

static NOINLINE void
word_put(struct word *table, size_t size, char *text, struct word *old)
{
	struct word *bucket = &table[hash_of(text) % size], *w = bucket;

	if (bucket->is_used) {
		w = old ? old : malloc(sizeof *w);
		w->next = bucket->next;
		bucket->next = w;
	} else {
		free(old);
	}
	w->text = text;
	w->is_used = 1;
}

static NOINLINE void
words_grow(void)
{
	struct word *table = calloc(n_buckets * 8, sizeof *table), *w, *next;
	size_t i;

	for (i = 0; i < n_buckets; i++) {
		if (buckets[i].is_used)
			word_put(table, n_buckets * 8, buckets[i].text, NULL);
		for (w = buckets[i].next; w; w = next) {
			next = w->next;
			word_put(table, n_buckets * 8, w->text, w);
		}
	}
	free(buckets);
	buckets = table;
	n_buckets *= 8;
}

static void
word_intern(const char *text)
{
	struct word *w = &buckets[hash_of(text) % n_buckets];

	for (; w && w->is_used; w = w->next)
		if (strcmp(w->text, text) == 0)
			return;
	word_put(buckets, n_buckets, text_keep(text), NULL);
	if (++n_words > n_buckets * 3 && n_buckets < MOST_BUCKETS)
		words_grow();
}

int
main(void)
{
	struct numbers n = {301};
	char text[64];
	size_t i;

	buckets = calloc(n_buckets, sizeof *buckets);
	for (i = 0; i < N_WORDS; i++) {
		snprintf(text, sizeof text, "word-%zu", i);
		word_intern(text);
		request_noise(&n, 500);
	}
	printf("%zu words\n", n_words);
	return 0;
}
