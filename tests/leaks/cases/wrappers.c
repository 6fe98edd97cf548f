/* wrappers.c -- what is lost was allocated through functions that stand for malloc.
 *
 *     wrappers
 *
 * The functions lose_* are those to name: each loses one object, with what it says.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#define ALONE __attribute__((noinline, noclone))

static void *volatile sink;

/* ---- known by their names ---- */

ALONE static void *
xmalloc(size_t bytes)
{
	void *volatile p = malloc(bytes);

	if (!p)
		abort();
	return p;
}

ALONE static char *
xstrdup(const char *text)
{
	char *volatile p = xmalloc(strlen(text) + 1);

	strcpy(p, text);
	return p;
}

/* ---- known by what they do: aligned, cleared, through a hook ---- */

ALONE static void *
av_get(size_t bytes)
{
	void *p = NULL;

	if (posix_memalign(&p, 64, bytes))
		abort();
	sink = p;
	return p;
}

ALONE static void *
av_getz(size_t bytes)
{
	void *volatile p = av_get(bytes);

	memset(p, 0, bytes);
	return p;
}

static void *(*volatile hook)(size_t) = malloc;

ALONE static void *
crypto_get(size_t bytes)
{
	void *volatile p = hook(bytes);

	return p;
}

/* ---- who calls them ---- */

struct frame {
	void *data;
	char name[56];
};

ALONE static void
lose_by_name(void)
{
	sink = xmalloc(101);
}

ALONE static void
lose_text(void)
{
	sink = xstrdup("a text that nobody frees");
}

/* An object and its part. */
ALONE static void
lose_frame(void)
{
	struct frame *volatile f = av_getz(sizeof *f);

	f->data = av_get(204);
	sink = f;
	f = NULL;
}

ALONE static void
lose_packet(void)
{
	sink = av_get(303);
}

ALONE static void
lose_picture(void)
{
	sink = av_getz(707);
}

ALONE static void
lose_stream(void)
{
	sink = av_getz(808);
}

ALONE static void
lose_key(void)
{
	sink = crypto_get(404);
}

ALONE static void
lose_certificate(void)
{
	sink = crypto_get(505);
}

ALONE static void
lose_session(void)
{
	sink = crypto_get(606);
}

ALONE static void
wipe(void)
{
	volatile char frame[8192];

	for (size_t i = 0; i < sizeof frame; i++)
		frame[i] = 0;
}

int
main(void)
{
	lose_by_name();
	lose_text();
	lose_frame();
	lose_packet();
	lose_picture();
	lose_stream();
	lose_key();
	lose_certificate();
	lose_session();
	sink = NULL;
	wipe();
	return 0;
}
