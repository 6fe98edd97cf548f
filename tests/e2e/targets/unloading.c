/* unloading.c -- snapshots in the middle of dlopen and dlclose.
 *
 *     unloading PLUGIN WHEN    that of stress.c
 *
 *     seen, unseen    an object is known to the loader that is no more, for it forgets
 *                     it after it has unmapped it; it has allocated before, or not
 *     loading         a thread is in dlopen, and has the loader's lock, until the
 *                     snapshot is there
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>

static void
unloading(const char *plugin, int is_seen)
{
	void *library = dlopen(plugin, RTLD_NOW);
	void *(*get)(size_t) = library ? (void *(*)(size_t))dlsym(library, "stress_plugin_get") : NULL;
	struct dl_find_object place;

	if (!get || _dl_find_object((void *)get, &place) != 0)
		_exit(2);
	if (is_seen)
		keep(get(77), 77, "malloc");
	munmap(place.dlfo_map_start, (size_t)((char *)place.dlfo_map_end - (char *)place.dlfo_map_start));
	point(_dl_find_object((void *)get, &place) == 0, "the loader knows an object that is unmapped");
	point(gcprof_snapshot() == 0, "a snapshot is taken nevertheless");
}

static void *
load(void *plugin)
{
	return dlopen(plugin, RTLD_NOW);
}

static void
loading(char *plugin)
{
	pthread_t thread;
	int fds[2];
	char byte, text[16];

	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	snprintf(text, sizeof text, "%d", fds[0]);
	setenv("LOADING", text, 1);
	pthread_create(&thread, NULL, load, plugin);
	point(read(fds[1], &byte, 1) == 1, "a thread is in dlopen");
	keep(malloc(77), 77, "malloc");
	point(gcprof_snapshot() == 0, "a snapshot is taken meanwhile");
	if (write(fds[1], &byte, 1) != 1)
		_exit(3);
	pthread_join(thread, NULL);
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (strcmp(argv[2], "loading") == 0)
		loading(argv[1]);
	else
		unloading(argv[1], strcmp(argv[2], "seen") == 0);
	/* Destructors of what is not there cannot be called. */
	_exit(0);
}
