/* closure-handlers.cc -- an event loop whose table of handlers keeps those of closed sockets.
 *
 * Planted: a handler that is done is marked, so that the loop may go on over the
 * table, and nobody takes the marked ones out.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

class Handler
{
    public:
	virtual ~Handler() = default;
	virtual void on_readable(struct numbers &n) = 0;
	bool is_closed = false;
};

class ClientHandler : public Handler
{
    public:
	ClientHandler(int descriptor, const std::string &peer) : descriptor_(descriptor), peer_(peer) {}

	void on_readable(struct numbers &n) override
	{
		request_noise(&n, 900);
		is_closed = ++rounds_ == 3;
		result_sink += (uint64_t)descriptor_ + peer_.size();
	}

    private:
	int descriptor_, rounds_ = 0;
	std::string peer_;
	char line_[96] = {};
};

static std::vector<std::unique_ptr<Handler>> handlers;

static NOINLINE Handler *
client_accept(int number)
{
	handlers.push_back(std::make_unique<ClientHandler>(
		number % 512, "client " + std::to_string(number) + " of the network of the house"));
	return handlers.back().get();
}

int
main()
{
	struct numbers n = {41};
	std::vector<Handler *> ready;

	settings_load(300);
	for (int i = 0; i < 30000; i++) {
		ready.push_back(client_accept(i));
		for (Handler *&h : ready) {
			h->on_readable(n);
			if (h->is_closed)
				h = nullptr;
		}
		ready.erase(std::remove(ready.begin(), ready.end(), nullptr), ready.end());
	}
	std::printf("%zu handlers, %zu open\n", handlers.size(), ready.size());
	std::exit(0);
}
