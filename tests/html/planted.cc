// planted.cc -- a small exchange with a mistake of each kind, for pages with much to show.
//
// It answers 30000 requests on a thread of its own.  Each one
//   - looks up a quote in a table from which nothing is removed (cache),
//   - leaves an order for a reader that takes every second one (queue),
//   - subscribes and never unsubscribes, now and then (listener leak),
//   - loses a message and what it points to, now and then (leaks of three sites),
//   - builds a page and throws it away (temporary).
//
// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <cstring>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace gw {

struct Quote {
	std::string symbol;
	char history[400] = {};
	explicit Quote(const std::string &s) : symbol(s) {}
};

class QuoteCache {
	std::unordered_map<std::string, std::shared_ptr<Quote>> quotes;

public:
	std::shared_ptr<Quote> get(const std::string &symbol)
	{
		auto &quote = quotes[symbol];

		if (!quote)
			quote = std::make_shared<Quote>(symbol);
		return quote;
	}
};

struct Order {
	unsigned number;
	char text[200];
};

class Orders {
	std::list<Order *> waiting;

public:
	void put(unsigned number)
	{
		auto *order = new Order();

		order->number = number;
		waiting.push_back(order);
	}

	void take()
	{
		delete waiting.front();
		waiting.pop_front();
	}
};

struct Session {
	unsigned number;
	char state[120];
};

class Feed {
	std::vector<std::function<void()>> listeners;

public:
	void subscribe(std::shared_ptr<Session> session)
	{
		listeners.emplace_back([session] { session->number++; });
	}
};

QuoteCache quotes;
Orders orders;
Feed feed;

struct Message {
	char *volatile body;
	unsigned length;
};

static void *volatile last;

// Forgets what it has built, where the length is odd.
static void parse_message(unsigned number)
{
	auto *message = static_cast<Message *>(malloc(sizeof(Message)));

	if (!message)
		return;
	message->length = number;
	message->body = strdup("35=D 49=CLIENT 56=EXCHANGE 11=order");
	last = message;
	last = nullptr;
}

static void log_line(unsigned number)
{
	char *line = static_cast<char *>(malloc(180));

	if (line)
		memset(line, number & 0xff, 180);
	last = line;
	last = nullptr;
}

static void open_replay()
{
	last = calloc(1, 20000);
	last = nullptr;
}

static size_t render_page(unsigned number)
{
	std::vector<std::string> rows;

	for (unsigned i = 0; i < 40; i++)
		rows.push_back("a row of the page that is thrown away, number " + std::to_string(number + i));
	return rows.size();
}

static void handle_request(unsigned number)
{
	quotes.get("SYMBOL-" + std::to_string(number / 2));
	orders.put(number);
	if (number % 2)
		orders.take();
	if (number % 20 == 0) {
		auto session = std::make_shared<Session>();

		session->number = number;
		feed.subscribe(session);
	}
	if (number % 100 == 0)
		parse_message(number);
	if (number % 150 == 0)
		log_line(number);
	if (number % 10000 == 0)
		open_replay();
	render_page(number);
}

} // namespace gw

int main()
{
	std::thread server([] {
		for (unsigned number = 0; number < 30000; number++)
			gw::handle_request(number);
	});

	server.join();
	// Ends as servers do: nothing is cleaned up.
	quick_exit(0);
}
