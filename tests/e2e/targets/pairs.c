/* pairs.c -- blocks that one malloc allocates and another's free is given.
 *
 *     pairs MODE PLUGIN
 *
 * Prints "ok" and leaves nothing behind.  With -DPLUGIN, the library.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef PLUGIN
int plugin_run(char *given);
char *plugin_make(void);
int plugin_open(const char *name);

int
plugin_run(char *given)
{
	char *s;

	if (asprintf(&s, "plug-in %d", 1) < 0)
		return 1;
	free(s);
	free(given);
	return 0;
}

char *
plugin_make(void)
{
	return strcpy(malloc(100), "from the plug-in");
}

/* By name, found through the library's own RUNPATH. */
int
plugin_open(const char *name)
{
	void *h = dlopen(name, RTLD_NOW);

	return h ? dlclose(h) : -1;
}
#else

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_memalign(size_t, size_t);

enum { TIMES = 100 };
static const char *plugin;

static void
die(const char *what)
{
	printf("%s: %s\n", what, dlerror());
	exit(1);
}

static void *
find(void *handle, const char *name)
{
	void *f = dlsym(handle, name);

	if (!f)
		die(name);
	return f;
}

static void
use_plugin(void *handle)
{
	int (*run)(char *) = (int (*)(char *))find(handle, "plugin_run");
	char *(*make)(void) = (char *(*)(void))find(handle, "plugin_make");
	int i;

	for (i = 0; i < TIMES; i++) {
		if (run(strdup("from the program")))
			die("plugin_run");
		free(make());
	}
	if (dlclose(handle))
		die("dlclose");
}

static void *
opened(int flags)
{
	void *h = dlopen(plugin, flags);

	if (!h)
		die("dlopen");
	return h;
}

/* The base namespace named: the same as dlopen. */
static void *
opened_in_base(int flags)
{
	void *h = dlmopen(LM_ID_BASE, plugin, flags);

	if (!h)
		die("dlmopen");
	return h;
}

/* A C library, and a malloc, of its own: what it allocates goes back to it. */
static void
apart(void)
{
	void *h = dlmopen(LM_ID_NEWLM, plugin, RTLD_NOW);
	char *(*make)(void);
	void (*release)(void *);
	int i;

	if (!h)
		die("dlmopen");
	make = (char *(*)(void))find(h, "plugin_make");
	release = (void (*)(void *))find(h, "free");
	for (i = 0; i < TIMES; i++)
		release(make());
	dlclose(h);
}

/* As Python's ctypes does. */
static void
by_handle(void *handle)
{
	void *(*take)(size_t) = (void *(*)(size_t))find(handle, "malloc");
	void *(*resize)(void *, size_t) = (void *(*)(void *, size_t))find(handle, "realloc");
	void (*release)(void *) = (void (*)(void *))find(handle, "free");
	void (*release_too)(void *) = (void (*)(void *))dlvsym(handle, "free", "GLIBC_2.2.5");
	int i;

	if (!release_too)
		die("dlvsym");
	for (i = 0; i < TIMES; i++) {
		release(strdup("allocated by the C library"));
		release_too(strdup("allocated by the C library"));
		free(take(100));
		release(resize(strdup("allocated by the C library"), 1000));
		free(resize(NULL, 100));
	}
	if (dlsym(handle, "no such function") || !dlerror())
		die("no error of dlsym");
	dlclose(handle);
}

static void *
allocate(void *with)
{
	void **p = with;
	int i;

	for (i = 0; i < TIMES; i++)
		p[i] = memset(__libc_malloc(40 + (size_t)i * 50), 'x', 40);
	return NULL;
}

/* Of several sizes, from the main arena, another thread's, and mappings. */
static void
libc_blocks(void)
{
	static void *p[TIMES];
	pthread_t thread;
	int i, round;

	for (round = 0; round < 4; round++) {
		/* So that an address was ours before, with the system's allocator. */
		for (i = 0; i < TIMES; i++)
			p[i] = malloc(40 + (size_t)i * 50);
		for (i = 0; i < TIMES; i++)
			free(p[i]);
		if (round % 2) {
			pthread_create(&thread, NULL, allocate, p);
			pthread_join(thread, NULL);
		} else {
			allocate(p);
		}
		for (i = 0; i < TIMES; i++) {
			if (malloc_usable_size(p[i]) < 40 + (size_t)i * 50)
				die("malloc_usable_size");
			if (i % 3 == 0)
				p[i] = realloc(p[i], 5000);
			if (!p[i] || memcmp(p[i], "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 40) != 0)
				die("contents");
			free(p[i]);
		}
	}
	for (i = 0; i < 10; i++) {
		free(__libc_calloc(1, 1 << 20));
		free(__libc_memalign(1 << 16, 1 << 20));
		free(__libc_memalign(256, 100));
	}
}

/* None of these is a block. */
static void
wild(void)
{
	static char data[8192] __attribute__((aligned(4096)));
	char stack[8192] __attribute__((aligned(4096)));
	char *p = __libc_malloc(4000), *mapped = __libc_malloc(1 << 20);
	int i;

	/* What looks like a header, at places where none can be. */
	for (i = 0; i < 8192; i += 8)
		*(size_t *)(data + i) = *(size_t *)(stack + i) = i % 16 ? 0x1002 : 0;
	free(data + 16);
	free(data + 4096 + 16);
	free(stack + 4096 + 16);
	for (i = 16; i < 4000; i += 16)
		*(size_t *)(p + i - 8) = (size_t)i;
	free(p + 64);
	free(p + 3200);
	free(mapped + 4096);
	free(mapped + 4096 + 16);
	free((void *)0x123450);
	free(p);
	free(mapped);
}

int
main(int argc, char **argv)
{
	const char *mode = argv[1];

	if (argc != 3)
		return 2;
	plugin = argv[2];
	if (strcmp(mode, "deepbind") == 0)
		use_plugin(opened(RTLD_NOW | RTLD_DEEPBIND));
	else if (strcmp(mode, "lazy") == 0)
		use_plugin(opened(RTLD_LAZY | RTLD_GLOBAL | RTLD_DEEPBIND));
	else if (strcmp(mode, "base") == 0)
		use_plugin(opened_in_base(RTLD_NOW | RTLD_DEEPBIND));
	else if (strcmp(mode, "apart") == 0)
		apart();
	else if (strcmp(mode, "libc") == 0)
		by_handle(dlopen("libc.so.6", RTLD_NOW));
	else if (strcmp(mode, "dependent") == 0)
		by_handle(opened(RTLD_NOW));
	else if (strcmp(mode, "blocks") == 0)
		libc_blocks();
	else if (strcmp(mode, "wild") == 0)
		wild();
	else if (strcmp(mode, "origin") == 0) {
		void *h = opened(RTLD_NOW);

		if (((int (*)(const char *))find(h, "plugin_open"))("beside.so"))
			die("plugin_open");
		dlclose(h);
	} else
		return 2;
	puts("ok");
	return 0;
}
#endif
