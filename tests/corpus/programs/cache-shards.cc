// cache-shards.cc -- a sharded store of computed rows, filled by four threads.
//
// Planted: rows are kept by the exact time they were asked for, so that few
// are ever found again, and none is dropped.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <array>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

constexpr size_t N_SHARDS = 8;
constexpr size_t N_ASKED = 40000;

struct Row {
	uint64_t key;
	std::array<double, 24> columns;
};

struct Shard {
	std::mutex lock;
	std::unordered_map<uint64_t, std::shared_ptr<const Row>> rows;
};

Shard *shards;

NOINLINE std::shared_ptr<const Row>
row_compute(uint64_t key)
{
	auto row = std::make_shared<Row>();

	row->key = key;
	for (size_t i = 0; i < row->columns.size(); i++)
		row->columns[i] = static_cast<double>(key % (i + 3));
	return row;
}

NOINLINE void
row_keep(Shard &shard, uint64_t key, std::shared_ptr<const Row> row)
{
	std::lock_guard<std::mutex> l(shard.lock);

	shard.rows.emplace(key, std::move(row));
}

std::shared_ptr<const Row>
row_get(uint64_t key)
{
	Shard &shard = shards[key % N_SHARDS];
	{
		std::lock_guard<std::mutex> l(shard.lock);
		auto found = shard.rows.find(key);

		if (found != shard.rows.end())
			return found->second;
	}
	auto row = row_compute(key);
	row_keep(shard, key, row);
	return row;
}

void
ask(uint64_t number)
{
	numbers n = {number};

	for (uint64_t now = 0; now < N_ASKED; now++) {
		std::vector<double> answer;
		auto row = row_get(now * 64 + below(&n, 64));

		answer.assign(row->columns.begin(), row->columns.end());
		result_sink = result_sink + static_cast<uint64_t>(answer[3]);
		request_noise(&n, 1800);
	}
}

} // namespace

int
main()
{
	std::vector<std::thread> threads;
	size_t kept = 0;

	shards = new Shard[N_SHARDS];
	settings_load(100);
	for (uint64_t i = 0; i < 4; i++)
		threads.emplace_back(ask, i + 25);
	for (auto &t : threads)
		t.join();
	for (size_t i = 0; i < N_SHARDS; i++)
		kept += shards[i].rows.size();
	printf("%zu rows\n", kept);
	return 0;
}
