/* calm-batch.cc -- a worker: reads a batch of records, sorts and sums them, drops them, reads the next.
 *
 * Innocent: each batch is freed before the next is read; they differ in size.
 * The program is stopped in the middle of one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

struct Record {
	std::uint64_t key;
	std::string text;
};

static std::vector<std::unique_ptr<Record>> batch;

static NOINLINE void
record_read(struct numbers &n)
{
	auto r = std::make_unique<Record>();

	r->key = next_number(&n);
	r->text.assign(20 + below(&n, 60), 'r');
	batch.push_back(std::move(r));
}

static void
batch_read(struct numbers &n, std::size_t size)
{
	for (std::size_t i = 0; i < size; i++) {
		record_read(n);
		if (i % 4 == 0)
			request_noise(&n, 600);
	}
}

int
main()
{
	struct numbers n = {50};

	settings_load(300);
	for (int i = 0; i < 24; i++) {
		batch_read(n, 8000 + below(&n, 8000));
		std::sort(batch.begin(), batch.end(), [](const auto &a, const auto &b) { return a->key < b->key; });
		for (const auto &r : batch)
			result_sink += r->text.size();
		batch.clear();
	}
	batch_read(n, 7000);
	std::printf("%zu records left\n", batch.size());
	std::exit(0);
}
