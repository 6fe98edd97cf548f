// closure-timeouts.cc -- calls to another server, each with a timeout closure in a
// multimap.
//
// Planted: when the reply comes in time the timeout is not cancelled, and with
// it stays what it captured: the call's buffers.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Call {
	std::string method;
	std::vector<char> arguments;
	bool answered = false;
};

class Loop {
public:
	void at(uint64_t when, std::function<void()> what)
	{
		timeouts.emplace(when, std::move(what));
	}
	void run(uint64_t now)
	{
		while (!timeouts.empty() && timeouts.begin()->first <= now) {
			timeouts.begin()->second();
			timeouts.erase(timeouts.begin());
		}
	}
	size_t size() const
	{
		return timeouts.size();
	}

private:
	std::multimap<uint64_t, std::function<void()>> timeouts;
};

Loop *loop;

NOINLINE std::shared_ptr<Call>
call_start(numbers &n)
{
	auto call = std::make_shared<Call>();

	call->method = "service.method.number" + std::to_string(below(&n, 30));
	call->arguments.assign(100 + below(&n, 400), 'c');
	return call;
}

NOINLINE void
timeout_set(uint64_t now, const std::shared_ptr<Call> &call)
{
	std::string who = "caller " + call->method;

	loop->at(now + 1000000, [call, who] {
		if (!call->answered)
			result_sink = result_sink + who.size();
	});
}

} // namespace

int
main()
{
	numbers n = {43};

	loop = new Loop;
	settings_load(100);
	for (uint64_t now = 0; now < 60000; now++) {
		auto call = call_start(n);

		timeout_set(now, call);
		request_noise(&n, 3000);
		call->answered = true;
		loop->run(now);
	}
	printf("%zu timeouts\n", loop->size());
	return 0;
}
