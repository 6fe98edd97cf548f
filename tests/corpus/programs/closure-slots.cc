// closure-slots.cc -- views connect to a model's signal; a connection is a shared object.
//
// Planted: what connect() returns is thrown away, so that no slot is ever disconnected.
// All slots are freed with their signal, at the end of the program.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <vector>

namespace
{

struct View {
	unsigned pixels[30];
	unsigned n_changes = 0;
};

template <class Receiver> class Signal
{
      public:
	struct Slot {
		std::shared_ptr<Receiver> receiver;
		int priority;
	};
	NOINLINE std::shared_ptr<Slot> connect(std::shared_ptr<Receiver> receiver)
	{
		auto slot = std::make_shared<Slot>();

		slot->receiver = std::move(receiver);
		slot->priority = 1;
		slots.push_back(slot);
		return slot;
	}
	void emit()
	{
		for (auto &slot : slots)
			slot->receiver->n_changes++;
	}
	size_t size() const
	{
		return slots.size();
	}

      private:
	std::vector<std::shared_ptr<Slot>> slots;
};

NOINLINE void
view_open(Signal<View> &changed, numbers &n)
{
	auto view = std::make_shared<View>();

	view->pixels[below(&n, 30)] = 1;
	changed.connect(view);
}

} // namespace

int
main()
{
	numbers n = {306};
	Signal<View> changed;

	settings_load(100);
	for (int i = 0; i < 60000; i++) {
		view_open(changed, n);
		request_noise(&n, 1200);
		if (i % 20000 == 0)
			changed.emit();
	}
	printf("%zu slots\n", changed.size());
	return 0;
}
