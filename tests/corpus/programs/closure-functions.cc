// closure-functions.cc -- a document with a std::vector<std::function> of change
// callbacks.
//
// Planted: each view that is opened adds a callback with a large capture by
// value; closing the view leaves it there.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <array>
#include <functional>
#include <memory>
#include <vector>

namespace {

struct Layout {
	std::array<double, 40> widths;
	int zoom;
};

class Document {
public:
	void on_change(std::function<void(int)> callback)
	{
		callbacks.push_back(std::move(callback));
	}
	void change(int line)
	{
		for (auto &c : callbacks)
			c(line);
	}
	size_t size() const
	{
		return callbacks.size();
	}

private:
	std::vector<std::function<void(int)>> callbacks;
};

struct View {
	std::vector<char> pixels;
	explicit View(size_t bytes) : pixels(bytes, 'p') {}
};

NOINLINE void
view_subscribe(Document &document, numbers &n)
{
	Layout layout = {};

	layout.zoom = static_cast<int>(below(&n, 400));
	layout.widths.fill(1.0);
	document.on_change([layout](int line) {
		result_sink = result_sink + static_cast<uint64_t>(layout.zoom + line) +
			      static_cast<uint64_t>(layout.widths[0]);
	});
}

Document *document;

} // namespace

int
main()
{
	numbers n = {9};

	document = new Document;
	for (int i = 0; i < 70000; i++) {
		auto view = std::make_unique<View>(2000 + below(&n, 3000));

		view_subscribe(*document, n);
		result_sink = result_sink + static_cast<uint64_t>(view->pixels[7]);
		request_noise(&n, 700);
		if (i % 10000 == 0)
			document->change(i);
	}
	printf("%zu callbacks\n", document->size());
	return 0;
}
