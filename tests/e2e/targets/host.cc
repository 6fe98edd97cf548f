/* host.cc -- a threaded program with exceptions from a dlopened plugin.
 *
 *     host PLUGIN throw [ROUNDS]    exceptions in and across the plugin, in threads
 *     host PLUGIN leave             the plugin's blocks outlive the plugin
 *     host PLUGIN reload            load and unload again and again
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include "plugin.h"
#include <atomic>
#include <dlfcn.h>
#include <string>
#include <thread>
#include <vector>

namespace
{
int (*throws)(int, int);
int (*calls)(int (*)(int), int);
int (*catches)(int, int);
void *(*allocates)(std::size_t);

std::atomic<long> sum;

struct of_host {
	std::string text;
};

int
callback(int n)
{
	std::string on_the_way(static_cast<std::size_t>(n % 100 + 30), 'h');
	if (n % 3 == 0)
		throw of_host{on_the_way + "!"};
	return n % 2 ? throws(n % 5, n) : n;
}

void
work(int id, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		try {
			sum += throws(i % 10, i + id);
		} catch (const plugin_error &e) {
			sum += static_cast<long>(std::string(e.what()).size());
		}
		try {
			sum += calls(callback, i);
		} catch (const of_host &h) {
			sum += static_cast<long>(h.text.size());
		} catch (const std::exception &e) {
			sum += static_cast<long>(std::string(e.what()).size()) * 3;
		}
		sum += catches(i % 6, i);
	}
}

void *plugin;

template <typename F>
void
find(F &f, const char *name)
{
	f = reinterpret_cast<F>(dlsym(plugin, name));
	if (!f)
		_exit(95);
}

void
load(const char *path)
{
	plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!plugin) {
		fprintf(stderr, "%s\n", dlerror());
		_exit(94);
	}
	find(throws, "plugin_throws");
	find(calls, "plugin_calls");
	find(catches, "plugin_catches");
	find(allocates, "plugin_allocates");
}

NOINLINE void
leave_blocks()
{
	for (int i = 0; i < 7; i++)
		keep(allocates(4242), 4242, "new");
}
} // namespace

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	std::string mode = argv[2];
	load(argv[1]);
	if (mode == "leave") {
		leave_blocks();
		dlclose(plugin);
		if (dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD))
			return 93;
		/* something else may lie where the plugin was */
		for (int i = 0; i < 20; i++)
			keep(malloc(100000), 100000, "malloc");
		puts("left");
		return 0;
	}
	if (mode == "reload") {
		for (int i = 0; i < 50; i++) {
			keep(allocates(100 + static_cast<std::size_t>(i)), 100 + static_cast<std::size_t>(i), "new");
			work(i, 3);
			dlclose(plugin);
			load(argv[1]);
		}
	} else {
		int rounds = argc > 3 ? atoi(argv[3]) : 200;
		std::vector<std::thread> threads;
		for (int i = 0; i < 4; i++)
			threads.emplace_back(work, i, rounds);
		for (std::thread &t : threads)
			t.join();
	}
	printf("sum %ld\n", sum.load());
	return 0;
}
