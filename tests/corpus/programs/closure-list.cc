/* closure-list.cc -- a document that each view asks to be told of changes.
 *
 * Planted: a view that is closed does not take its callback out of the list;
 * the callback holds what the view showed.  The list is emptied at the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <functional>
#include <list>
#include <memory>
#include <string>

class Document
{
    public:
	NOINLINE void changed_connect(std::function<std::size_t()> slot) { changed_.push_back(std::move(slot)); }
	std::size_t n_slots() const { return changed_.size(); }

    private:
	std::list<std::function<std::size_t()>> changed_;
};

static NOINLINE void
view_show(Document &document, struct numbers &n, int number)
{
	auto page = std::make_shared<std::string>(60 + below(&n, 200), 'v');

	document.changed_connect([page, number] { return page->size() + (std::size_t)number; });
	request_noise(&n, 1200);
}

int
main()
{
	struct numbers n = {42};
	Document document;

	settings_load(300);
	for (int i = 0; i < 50000; i++)
		view_show(document, n, i);
	std::printf("%zu slots\n", document.n_slots());
	return 0;
}
