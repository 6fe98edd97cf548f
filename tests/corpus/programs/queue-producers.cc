// queue-producers.cc -- five producers feed one thread that sums up, by a std::deque.
//
// Planted: the consumer is a little too slow, nine taken for ten that come;
// the backlog grows slowly over a long run.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr size_t N_PRODUCERS = 5, N_EACH = 160000;

struct Measurement {
	std::string sensor;
	std::vector<double> values;
};

std::mutex lock;
std::condition_variable changed;
std::deque<std::shared_ptr<Measurement>> *measurements;
size_t n_made, n_taken;

NOINLINE std::shared_ptr<Measurement>
measurement_make(numbers &n)
{
	auto m = std::make_shared<Measurement>();

	m->sensor = "sensor in building " + std::to_string(below(&n, 100));
	m->values.assign(4 + below(&n, 28), 1.5);
	return m;
}

NOINLINE void
measurement_put(std::shared_ptr<Measurement> m)
{
	std::unique_lock<std::mutex> l(lock);

	// Not faster than that the consumer can take its nine tenths.
	changed.wait(l, [] { return n_made / 10 * 9 < n_taken + 5000; });
	measurements->push_back(std::move(m));
	if (++n_made % 100 == 0)
		changed.notify_all();
}

void
produce(uint64_t number)
{
	numbers n = {number};

	for (size_t i = 0; i < N_EACH; i++) {
		auto m = measurement_make(n);

		request_noise(&n, 1000);
		measurement_put(std::move(m));
	}
}

void
consume()
{
	double sum = 0;

	for (size_t taken = 0; taken < N_PRODUCERS * N_EACH / 10 * 9;) {
		std::vector<std::shared_ptr<Measurement>> some;
		{
			std::unique_lock<std::mutex> l(lock);

			changed.wait(l, [&] { return n_made / 10 * 9 >= taken + 90; });
			n_taken += 90;
			changed.notify_all();
			for (size_t i = 0; i < 90; i++) {
				some.push_back(std::move(measurements->front()));
				measurements->pop_front();
			}
		}
		for (auto &m : some)
			sum += m->values[0];
		taken += some.size();
	}
	result_sink = result_sink + static_cast<uint64_t>(sum);
}

} // namespace

int
main()
{
	std::vector<std::thread> threads;

	measurements = new std::deque<std::shared_ptr<Measurement>>;
	settings_load(300);
	threads.emplace_back(consume);
	for (uint64_t i = 0; i < N_PRODUCERS; i++)
		threads.emplace_back(produce, 33 + i);
	for (auto &t : threads)
		t.join();
	printf("%zu measurements wait\n", measurements->size());
	return 0;
}
