// calm-backlog.cc -- a std::deque of messages; a backlog arises four times and drains
// four times.
//
// Innocent: the last backlog drains to nothing before the end, too.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <deque>
#include <memory>
#include <string>

namespace {

struct Message {
	size_t number;
	std::string text;
};

std::deque<std::unique_ptr<Message>> *backlog;

NOINLINE void
message_receive(size_t number, numbers &n)
{
	backlog->push_back(std::make_unique<Message>(
		Message{number, std::string(50 + below(&n, 150), 'm')}));
}

} // namespace

int
main()
{
	numbers n = {89};
	size_t most = 0;

	backlog = new std::deque<std::unique_ptr<Message>>;
	settings_load(100);
	for (size_t i = 0; i < 160000; i++) {
		bool is_busy = i % 40000 < 18000;

		message_receive(i, n);
		for (int taken = 0;
		     taken < (is_busy ? static_cast<int>(i % 2) : 2) && !backlog->empty();
		     taken++) {
			result_sink = result_sink + backlog->front()->text.size();
			backlog->pop_front();
		}
		most = std::max(most, backlog->size());
		request_noise(&n, 1200);
	}
	printf("%zu messages wait, at most %zu\n", backlog->size(), most);
	return 0;
}
