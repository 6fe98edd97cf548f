/* mallctl.c -- what jemalloc's mallctl answers, for mallctl.sh.
 *
 *     mallctl NAME:TYPE...    asks for each; TYPE: b bool, u unsigned, z size_t or ssize_t,
 *                             Z size_t of which only whether it is 0 counts, q uint64_t,
 *                             s string, p pointer, v nothing
 *     mallctl -               sets and gets what programs do
 *
 * Prints one line each.  Linked with libjemalloc.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <jemalloc/jemalloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void
ask(char *name)
{
	char *type = strrchr(name, ':');
	union {
		bool b;
		unsigned u;
		size_t z;
		uint64_t q;
		const char *s;
	} old = {0};
	size_t bytes, wanted;
	int result;

	*type++ = 0;
	bytes = *type == 'b' ? 1 : *type == 'u' ? sizeof(unsigned) : 8;
	wanted = bytes;
	result = mallctl(name, *type == 'v' ? NULL : &old, *type == 'v' ? NULL : &bytes, NULL, 0);
	printf("%s: %d", name, result);
	if (!result && bytes == wanted)
		switch (*type) {
		case 'b': printf(" %s", old.b ? "true" : "false"); break;
		case 'u': printf(" %u", old.u); break;
		case 'z': printf(" %zd", (ssize_t)old.z); break;
		case 'Z': printf(" %s", old.z ? "some" : "none"); break;
		case 'q': printf(" %s", old.q ? "some" : "none"); break;
		case 's': printf(" %s", old.s); break;
		case 'p': printf(" %s", old.s ? "somewhere" : "nowhere"); break;
		}
	putchar('\n');
}

/* Set to a value, with the old one; then get it, by name and by number. */
static void
set(const char *name, const void *new, size_t bytes)
{
	unsigned char old[8] = {0};
	size_t old_bytes = bytes, mib[8], n = 8;
	int result = mallctl(name, old, &old_bytes, (void *)new, bytes);

	printf("set %s: %d, was %d", name, result, old[0]);
	old_bytes = bytes;
	result = mallctl(name, old, &old_bytes, NULL, 0);
	printf("; get: %d %d", result, old[0]);
	result = mallctlnametomib(name, mib, &n);
	old_bytes = bytes;
	if (!result)
		result = mallctlbymib(mib, n, old, &old_bytes, NULL, 0);
	printf("; by number: %d %d", result, old[0]);
	old_bytes = 16;
	result = mallctl(name, NULL, NULL, (void *)new, 16);
	printf("; wrong size: %d\n", result);
}

static void *
refuse(extent_hooks_t *hooks, void *at, size_t size, size_t align, bool *zero, bool *commit,
       unsigned arena)
{
	(void)hooks, (void)at, (void)size, (void)align, (void)zero, (void)commit, (void)arena;
	return NULL;
}

static void
use(void)
{
	static extent_hooks_t hooks = {.alloc = refuse};
	extent_hooks_t *p = &hooks;
	bool on = true, off = false;
	size_t few = 2, many = 100000, bytes;
	ssize_t decay = 1000;
	unsigned arena = 0, cache = 0;
	uint64_t epoch = 1;
	char name[64];
	int result;

	set("background_thread", &on, sizeof on);
	set("background_thread", &on, sizeof on);
	set("max_background_threads", &few, sizeof few);
	set("max_background_threads", &many, sizeof many);
	set("background_thread", &off, sizeof off);
	set("thread.tcache.enabled", &off, sizeof off);
	free(malloc(100));
	set("thread.tcache.enabled", &on, sizeof on);
	set("opt.tcache", &off, sizeof off);
	set("arenas.dirty_decay_ms", &decay, sizeof decay);
	bytes = sizeof epoch;
	printf("epoch: %d\n", mallctl("epoch", &epoch, &bytes, &epoch, sizeof epoch));
	bytes = sizeof arena;
	result = mallctl("arenas.create", &arena, &bytes, NULL, 0);
	printf("arenas.create: %d, a new one %d\n", result, arena > 0);
	bytes = sizeof cache;
	result = mallctl("tcache.create", &cache, &bytes, NULL, 0);
	printf("tcache.create: %d\n", result);
	dallocx(mallocx(100, MALLOCX_ARENA(arena) | MALLOCX_TCACHE(cache)), MALLOCX_TCACHE(cache));
	printf("tcache.flush: %d\n", mallctl("tcache.flush", NULL, NULL, &cache, sizeof cache));
	printf("tcache.destroy: %d\n", mallctl("tcache.destroy", NULL, NULL, &cache, sizeof cache));
	snprintf(name, sizeof name, "arena.%u.purge", arena);
	printf("purge: %d\n", mallctl(name, NULL, NULL, NULL, 0));
	snprintf(name, sizeof name, "arena.%u.destroy", arena);
	printf("destroy: %d\n", mallctl(name, NULL, NULL, NULL, 0));
	bytes = sizeof arena;
	result = mallctl("arenas.create", &arena, &bytes, &p, sizeof p);
	printf("arenas.create with hooks: %d\n", result);
	printf("thread.tcache.flush: %d\n", mallctl("thread.tcache.flush", NULL, NULL, NULL, 0));
	printf("prof.dump: %d\n", mallctl("prof.dump", NULL, NULL, NULL, 0));
	printf("prof.reset: %d\n", mallctl("prof.reset", NULL, NULL, NULL, 0));
	printf("no such name: %d\n", mallctl("no.such.name", NULL, NULL, NULL, 0));
}

int
main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "-") == 0)
			use();
		else
			ask(argv[i]);
	return 0;
}
