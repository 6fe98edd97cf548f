// closure-registry.cc -- widgets whose handlers hold their own widget, all in a registry.
//
// Planted: a widget's handler captures a shared_ptr to the widget, so closing
// it frees nothing; the registry of handlers reaches them all.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace {

using Handler = std::function<void(int)>;

struct Widget {
	std::string title;
	char state[160] = {};
	std::shared_ptr<Handler> on_click;
};

class Registry {
public:
	void add(uint64_t id, std::shared_ptr<Handler> handler)
	{
		handlers.emplace(id, std::move(handler));
	}
	void click(uint64_t id)
	{
		auto found = handlers.find(id);

		if (found != handlers.end())
			(*found->second)(1);
	}
	size_t size() const
	{
		return handlers.size();
	}

private:
	std::unordered_map<uint64_t, std::shared_ptr<Handler>> handlers;
};

Registry *registry;

NOINLINE std::shared_ptr<Widget>
widget_open(uint64_t id)
{
	auto widget = std::make_shared<Widget>();

	widget->title = "a window with the number " + std::to_string(id);
	widget->on_click = std::make_shared<Handler>(
		[widget](int button) { widget->state[button]++; });
	registry->add(id, widget->on_click);
	return widget;
}

} // namespace

int
main()
{
	numbers n = {44};

	registry = new Registry;
	for (uint64_t i = 0; i < 60000; i++) {
		auto widget = widget_open(i);

		registry->click(below(&n, i + 1));
		result_sink = result_sink + widget->title.size();
		request_noise(&n, 2500);
	}
	printf("%zu handlers\n", registry->size());
	return 0;
}
