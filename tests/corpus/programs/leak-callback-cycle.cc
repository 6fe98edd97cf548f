// leak-callback-cycle.cc -- a connection whose callback captures the connection.
//
// Planted: a cycle of shared_ptr through a std::function; when the connection
// is closed nothing else holds it: lost.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <functional>
#include <memory>
#include <string>

namespace {

struct Connection {
	std::string peer;
	char buffer[256];
	std::function<void(int)> on_data;
};

NOINLINE std::shared_ptr<Connection>
connection_open(size_t number)
{
	auto c = std::make_shared<Connection>();

	c->peer = "the peer with the number " + std::to_string(number);
	c->buffer[0] = 0;
	c->on_data = [c, number](int byte) {
		c->buffer[number % 256] = static_cast<char>(byte);
	};
	return c;
}

} // namespace

int
main()
{
	numbers n = {56};

	settings_load(100);
	for (size_t i = 0; i < 50000; i++) {
		auto c = connection_open(i);

		c->on_data(7);
		result_sink = result_sink + c->peer.size();
		request_noise(&n, 2000);
	}
	return 0;
}
