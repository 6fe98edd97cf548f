// cache-paths.cc -- metrics of a server, one series for each path with an id in it, and a scrape
// after every 3,000 requests, the last one at the very end.
//
// Planted: the registry has no limit.  A scrape is a period or two of volume, and hardly any
// time, as the server waits for its requests.  All is freed at the end.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <map>
#include <sstream>
#include <string>

namespace
{

struct Counter {
	double seconds = 0;
	long n_requests = 0;
	std::string help;
};

class Registry
{
      public:
	NOINLINE Counter &counter(const std::string &label)
	{
		auto found = counters.find(label);

		if (found == counters.end()) {
			found = counters.emplace(label, Counter()).first;
			found->second.help = "duration of requests by path";
		}
		return found->second;
	}
	NOINLINE std::string scrape() const
	{
		std::ostringstream out;

		for (auto &[label, c] : counters)
			out << label << ' ' << c.seconds << '\n';
		return out.str();
	}

      private:
	std::map<std::string, Counter> counters;
};

Registry registry;

void
wait_for_request(size_t i)
{
	struct timespec a_little = {0, 1000000};

	if (i % 60 == 0)
		(void)nanosleep(&a_little, nullptr);
}

} // namespace

int
main()
{
	numbers n = {77};
	size_t sum = 0;

	for (size_t i = 1; i <= 30000; i++) {
		Counter &c = registry.counter("http_seconds{path=\"/users/" +
					      std::to_string(below(&n, 1000000)) +
					      "/profile\"}");
		std::string body(500, 'b');

		c.seconds += static_cast<double>(body.size()) / 1000;
		c.n_requests++;
		wait_for_request(i);
		if (i % 3000 == 0)
			sum += registry.scrape().size();
	}
	printf("%zu\n", sum);
	return 0;
}
