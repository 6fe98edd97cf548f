// closure-signals.cc -- a signal with slots, connected by each panel that is opened.
//
// Planted: the connection that connect() returns is thrown away, so that no
// slot is ever disconnected.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <functional>
#include <list>
#include <memory>
#include <string>

namespace {

template <class... Arguments> class Signal {
public:
	using Slot = std::function<void(Arguments...)>;
	struct Connection {
		Signal *signal;
		typename std::list<Slot>::iterator at;
		void disconnect()
		{
			signal->slots.erase(at);
		}
	};
	Connection connect(Slot slot)
	{
		slots.push_back(std::move(slot));
		return {this, std::prev(slots.end())};
	}
	void emit(Arguments... arguments)
	{
		for (auto &s : slots)
			s(arguments...);
	}
	size_t size() const
	{
		return slots.size();
	}

private:
	std::list<Slot> slots;
};

Signal<const std::string &> *theme_changed;

struct Palette {
	unsigned colours[64];
};

NOINLINE void
panel_open(numbers &n)
{
	auto palette = std::make_shared<Palette>();
	unsigned number = static_cast<unsigned>(below(&n, 64));

	palette->colours[number] = 7;
	theme_changed->connect([palette, number](const std::string &name) {
		palette->colours[number] = static_cast<unsigned>(name.size());
	});
}

} // namespace

int
main()
{
	numbers n = {45};

	theme_changed = new Signal<const std::string &>;
	settings_load(100);
	for (int i = 0; i < 80000; i++) {
		panel_open(n);
		request_noise(&n, 2000);
		if (i % 20000 == 0)
			theme_changed->emit("dark");
	}
	printf("%zu slots\n", theme_changed->size());
	return 0;
}
