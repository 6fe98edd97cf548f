/* throwing.cc -- stacks while exceptions fly, told by glibc's backtrace().
 *
 *     throwing [STACKS [DEEPEST]]    600 and 20
 *
 * Lines as in stacks.c.  The reference is libgcc's unwinder, which also carries
 * the exceptions; nothing here links with libunwind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <execinfo.h>
#include <functional>
#include <link.h>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{
void *(*volatile v_malloc)(size_t) = malloc;
uint32_t state = 5;
int steps_left;
char text[32768];

__attribute__((noinline)) void
tell(void *block, void **frames, int n)
{
	char *end = text;
	end += sprintf(end, "stack %p", block);
	for (int i = 0; i < n; i++)
		end += sprintf(end, " %lx", (unsigned long)frames[i]);
	*end++ = '\n';
	if (write(TRUTH_FD, text, (size_t)(end - text)) != end - text)
		_exit(97);
}

#define ALLOCATE_HERE()                                                                  \
	do {                                                                             \
		static void *frames_[1000];                                              \
		int n_ = backtrace(frames_, 1000);                                       \
		void *block_ = v_malloc((size_t)n_);                                     \
		tell(block_, frames_, n_);                                               \
		steps_left--;                                                            \
	} while (0)

struct in_flight : std::runtime_error {
	int left;
	explicit in_flight(int n) : std::runtime_error("in flight"), left(n)
	{
	}
};

int next(int depth);

/* Runs while the stack is being unwound. */
struct allocates_at_end {
	~allocates_at_end()
	{
		ALLOCATE_HERE();
	}
};

__attribute__((noinline)) int
guarded(int depth)
{
	allocates_at_end guard;
	return next(depth);
}

__attribute__((noinline)) int
catches(int depth)
{
	try {
		return next(depth);
	} catch (in_flight &e) {
		ALLOCATE_HERE();
		if (e.left-- > 0)
			throw;
	}
	ALLOCATE_HERE();
	return 1;
}

__attribute__((noinline)) int
translates(int depth)
{
	try {
		return next(depth);
	} catch (const std::exception &) {
		throw in_flight(0);
	}
}

__attribute__((noinline)) int
by_function_object(int depth)
{
	std::map<int, std::string> names{{depth, "depth"}};
	std::function<int(int)> f = [&names](int d) { return next(d) + static_cast<int>(names.size()); };
	return f(depth);
}

__attribute__((noinline)) int
next(int depth)
{
	if (steps_left <= 0)
		return 0;
	if (depth <= 0) {
		ALLOCATE_HERE();
		throw in_flight(static_cast<int>(rnd(&state) % 3));
	}
	switch (rnd(&state) % 5) {
	case 0:
		return guarded(depth - 1) + 1;
	case 1:
		return catches(depth - 1) + 1;
	case 2:
		return translates(depth - 1) + 1;
	case 3:
		return by_function_object(depth - 1) + 1;
	default:
		int n = next(depth - 1);
		OPAQUE(n);
		return n;
	}
}

int
tell_module(struct dl_phdr_info *info, size_t, void *)
{
	say("module %lx %s", (unsigned long)info->dlpi_addr, info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe");
	return 0;
}
} // namespace

int
main(int argc, char **argv)
{
	unsigned deepest = argc > 2 ? static_cast<unsigned>(atoi(argv[2])) : 20;
	void *warm[4];

	backtrace(warm, 4);
	dl_iterate_phdr(tell_module, nullptr);
	steps_left = argc > 1 ? atoi(argv[1]) : 600;
	while (steps_left > 0) {
		try {
			next(static_cast<int>(rnd(&state) % deepest));
		} catch (const in_flight &) {
			ALLOCATE_HERE();
		}
	}
	puts("thrown");
	return 0;
}
