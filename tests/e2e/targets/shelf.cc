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

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	add_books(0, BOOKS);
	for (Object *&o : objects)
		o = new Object;
	notes = take_notes(nullptr, 100);
	nothing = malloc(0);
	lose(LOST);
	if (gcprof_snapshot_to(argv[1]) != 0)
		return 1;
	for (int i = 1; i <= GONE; i++) {
		delete shelf[i];
		shelf.erase(i);
	}
	add_books(BOOKS, MORE);
	notes = take_notes(notes, 5000);
	if (gcprof_snapshot_to(argv[2]) != 0)
		return 1;
	printf("Book: %d %d %zu %zu\n", MORE, GONE, MORE * sizeof(Book), GONE * sizeof(Book));
	printf("block of take_notes: 1 1 5000 100\n");
	return 0;
}
