// leak-cycle-sites.cc -- a session holds its channel, the channel a callback, and that the
// session: three allocations at three places, and nothing else holds any of them once the
// thread that served them has ended.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace {

struct Channel;

struct Session {
	std::shared_ptr<Channel> channel;
	std::string peer;
	uint64_t n_messages = 0;
};

struct Channel {
	std::function<void(uint64_t)> on_message;
	char buffer[100];
};

NOINLINE std::shared_ptr<Session>
session_open(size_t i)
{
	auto session = std::make_shared<Session>();

	session->peer = "the peer with the number " + std::to_string(i);
	return session;
}

NOINLINE std::shared_ptr<Channel>
channel_open()
{
	return std::make_shared<Channel>();
}

NOINLINE void
subscribe(const std::shared_ptr<Session> &session)
{
	session->channel->on_message = [session](uint64_t m) { session->n_messages += m; };
}

void
serve(size_t i)
{
	struct numbers n = {i};
	auto session = session_open(i);

	for (int k = 0; k < 20; k++)
		request_noise(&n, 300 + below(&n, 500));
	session->channel = channel_open();
	subscribe(session);
	session->channel->on_message(i);
}

} // namespace

int
main()
{
	for (size_t i = 0; i < 600; i++)
		std::thread(serve, i).join();
	return 0;
}
