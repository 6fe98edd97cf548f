/* life.cc -- allocation at the edges of a thread's and the process's life.
 *
 * Destructors of pthread keys, of thread_local and of static objects, and atexit
 * handlers allocate, free what others allocated, and keep some.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{
void *(*volatile v_malloc)(size_t) = malloc;
void (*volatile v_free)(void *) = free;

pthread_key_t key;
int rounds;

/* Called again as long as it sets the key again: the last rounds run after
 * everybody else's destructors. */
void
key_destructor(void *value)
{
	v_free(gone(value, 64));
	v_free(gone(keep(v_malloc(3333), 3333, "malloc"), 3333));
	keep(v_malloc(40), 40, "malloc");
	if (__atomic_add_fetch(&rounds, 1, __ATOMIC_RELAXED) % 4 != 0)
		pthread_setspecific(key, keep(v_malloc(64), 64, "malloc"));
}

struct at_thread_end {
	void *block = keep(v_malloc(128), 128, "malloc");
	std::vector<std::string> names;
	~at_thread_end()
	{
		for (int i = 0; i < 10; i++)
			names.emplace_back(100 + i, 'x');
		v_free(gone(block, 128));
		keep(v_malloc(48), 48, "malloc");
	}
};
thread_local at_thread_end of_thread;

struct at_exit {
	void *block = keep(v_malloc(256), 256, "malloc");
	~at_exit()
	{
		std::string text(5000, 'y');
		v_free(gone(block, 256));
		keep(v_malloc(56), 56, "malloc");
	}
};
at_exit of_process;

void *held;

void
at_exit_handler()
{
	v_free(gone(held, 512));
	v_free(gone(keep(v_malloc(2222), 2222, "malloc"), 2222));
	keep(v_malloc(72), 72, "malloc");
	puts("atexit handler ran");
}

void
thread_main(int n)
{
	of_thread.names.emplace_back(n + 50, 'z');
	pthread_setspecific(key, keep(v_malloc(64), 64, "malloc"));
	try {
		throw std::runtime_error("thrown in a thread that ends soon");
	} catch (const std::exception &) {
	}
}
} // namespace

__attribute__((destructor)) static void
of_the_program()
{
	v_free(v_malloc(1111));
	puts("destructor ran");
}

int
main()
{
	held = keep(v_malloc(512), 512, "malloc");
	atexit(at_exit_handler);
	pthread_key_create(&key, key_destructor);
	for (int round = 0; round < 40; round++) {
		std::vector<std::thread> threads;
		for (int i = 0; i < 4; i++)
			threads.emplace_back(thread_main, i);
		for (std::thread &t : threads)
			t.join();
	}
	puts("main ends");
	return 3;
}
