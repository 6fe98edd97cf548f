// leak-instances.cc -- a template that caches what it computes for each type in a pointer, and
// computes it anew whenever it is asked, losing the last one.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

namespace {

template <class T> T *cached;

template <class T>
NOINLINE T *
table_of(size_t n)
{
	cached<T> = static_cast<T *>(calloc(n, sizeof(T)));
	cached<T>[0] = 1;
	return cached<T>;
}

} // namespace

int
main()
{
	struct numbers n = {97};

	for (size_t i = 0; i < 30000; i++) {
		if (i % 100 == 0) {
			result_sink += static_cast<uint64_t>(*table_of<int>(20 + below(&n, 20)));
			result_sink += static_cast<uint64_t>(*table_of<double>(20));
			result_sink += static_cast<uint64_t>(*table_of<short>(30));
		}
		request_noise(&n, 800);
	}
	return 0;
}
