// queue-std-list.cc -- a renderer with a std::list of frames to encode.
//
// Planted: each turn makes two frames and encodes one, the oldest.  Single
// thread, larger blocks.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <list>
#include <vector>

namespace {

struct Frame {
	size_t number;
	std::vector<unsigned char> pixels;
};

std::list<Frame> *frames;

NOINLINE void
frame_queue(size_t number)
{
	frames->push_back({number, std::vector<unsigned char>(8192, 'f')});
}

void
frame_encode()
{
	Frame f = std::move(frames->front());
	std::vector<unsigned char> encoded;

	frames->pop_front();
	for (size_t i = 0; i < f.pixels.size(); i += 16)
		encoded.push_back(f.pixels[i]);
	result_sink = result_sink + encoded.size() + f.number;
}

} // namespace

int
main()
{
	numbers n = {28};

	frames = new std::list<Frame>;
	settings_load(20);
	for (size_t i = 0; i < 9000; i++) {
		frame_queue(2 * i);
		frame_queue(2 * i + 1);
		frame_encode();
		request_noise(&n, 6000);
	}
	printf("%zu frames wait\n", frames->size());
	return 0;
}
