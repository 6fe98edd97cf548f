/* shelf.cc -- two snapshots of one process, with known blocks in between.
 *
 *     shelf FIRST SECOND     writes these two files, and to standard output lines
 *                            "TYPE: ADDED REMOVED ADDED-BYTES REMOVED-BYTES"
 *
 * SPDX-License-Identifier: MIT
 */
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include "../../../lib/gcprof.h"

enum { BOOKS = 100, GONE = 10, MORE = 7, LOST = 5 };

struct Book {
	virtual ~Book() {}
	char text[200];
};

/* DevTools has ideas of its own of what is called so. */
struct Object {
	virtual ~Object() {}
	char bytes[24];
};

static std::map<int, Book *> shelf;
static Object *objects[3];
static char *notes;
static void *nothing;
struct Lost {
	void *to;
	char bytes[40];
};
static Lost *volatile lost;

__attribute__((noinline)) static void
add_books(int first, int n)
{
	for (int i = first; i < first + n; i++)
		shelf[i] = new Book;
}

__attribute__((noinline)) static void
lose(int n)
{
	/* Lost blocks know of a held one. */
	for (int i = 0; i < n; i++) {
		lost = static_cast<Lost *>(calloc(1, sizeof(Lost)));
		lost->to = shelf[0];
	}
	lost = nullptr;
}

__attribute__((noinline)) static char *
take_notes(char *old, size_t bytes)
{
	return static_cast<char *>(realloc(old, bytes));
}

/* Let an epoch end. */
__attribute__((noinline)) static void
pass_time()
{
	for (int i = 0; i < 64; i++)
		free(take_notes(nullptr, 1 << 16));
}

int
main(int argc, char **argv)
{
	static const int n_books[] = {BOOKS, MORE};
	static const size_t n_bytes[] = {100, 110};

	if (argc != 3)
		return 2;
	for (Object *&o : objects)
		o = new Object;
	nothing = malloc(0);
	lose(LOST);
	/* The second time by the same calls, and where those were that are gone. */
	for (int i = 0; i < 2; i++) {
		add_books(i * BOOKS, n_books[i]);
		notes = take_notes(notes, n_bytes[i]);
		if (gcprof_snapshot_to(argv[1 + i]) != 0)
			return 1;
		pass_time();
		for (int j = 1; i == 0 && j <= GONE; j++) {
			delete shelf[j];
			shelf.erase(j);
		}
	}
	printf("Book: %d %d %zu %zu\n", MORE, GONE, MORE * sizeof(Book), GONE * sizeof(Book));
	printf("unknown type, allocated in take_notes: 1 1 110 100\n");
	return 0;
}
