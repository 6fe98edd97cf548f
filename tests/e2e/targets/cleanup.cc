/* cleanup.cc -- programs that free what they had, at their end or before.
 *
 *     cleanup WHAT [FILE]
 *
 *     static     a map in a static variable
 *     local      a map in a local variable of main
 *     vector     a static vector of pointers to objects that are lost with it
 *     local-vector, local-deque
 *                the same in a local variable
 *     table      an array of pointers, freed without what it points to
 *     lists      a static vector of pointers, copied a thousand times
 *     grows      a vector of pointers that grows, and is never freed
 *     handler    a list that a handler of atexit() frees
 *     halves     the same, which waits between its halves until FILE, a FIFO, has a line
 *     thread     a map in a static variable; another thread than main's calls exit()
 *     kept       nothing is freed
 *     few        a handler frees ten small blocks of many
 *     small      a static map of few entries
 *     batches    the same amount comes and goes twenty times; nothing of it is left
 *     moves      as local, then the program goes to another directory
 *     killed     half of it is freed, then SIGKILL
 *     child      the child of a fork does as static; its parent frees nothing
 *     aborts     as local, then abort()
 *     refused    no child can be made; 20000 come and go three times
 *     wanders    half of it is freed; the program goes to FILE, a directory, has three times
 *                as much, and frees half of that
 *     reaps      half of it is freed; what wait() gives for all kinds of children is printed
 *     yields     prints the word of which of its children goes first when memory runs out
 *
 * Each writes what it has counted to the standard output, and errno as free left it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{
enum { ENTRIES = 20000 };
using table = std::map<int, std::string>;

struct object {
	char bytes[48];
};
struct node {
	node *next;
	char bytes[56];
};

/* In pointers of their own, so that only what is used has a destructor to run. */
table &
sessions()
{
	static table t;
	return t;
}

std::vector<object *> &
objects()
{
	static std::vector<object *> v;
	return v;
}

node *volatile list;
std::vector<object *> *volatile kept;
int n_freed;

/* As a program does that works: what comes and goes at once is most of it. */
void
work()
{
	char *volatile p = static_cast<char *>(malloc(400));

	memset(p, 1, 400);
	free(p);
}

void
fill(table &t, int n)
{
	for (int i = 0; i < n; i++) {
		t[static_cast<int>(i * 7919LL % 1000003)] = std::string(40, 'x');
		work();
	}
}

template <typename container>
void
fill_with_objects(container &c)
{
	for (int i = 0; i < ENTRIES; i++) {
		c.push_back(new object());
		work();
	}
}

void
fill_list(int n)
{
	for (int i = 0; i < n; i++) {
		auto *x = static_cast<node *>(malloc(sizeof(node)));

		x->next = list;
		list = x;
		work();
	}
}

void
free_list(int n)
{
	for (; list && n > 0; n--) {
		node *x = list;

		list = x->next;
		errno = 42;
		free(x);
		n_freed += errno == 42;
	}
}

void
free_all_of_list()
{
	free_list(ENTRIES);
	printf("freed %d with errno as it was\n", n_freed);
	fflush(stdout);
}

const char *fifo;

void
free_halves()
{
	free_list(ENTRIES / 2);
	if (FILE *f = fopen(fifo, "r")) {
		(void)fgetc(f);
		fclose(f);
	}
	free_list(ENTRIES);
}

void
free_ten()
{
	free_list(10);
}

/* A small file's text, without an allocation, which would put off a look. */
void
read_text(const char *name, char *text, size_t bytes)
{
	int fd = open(name, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, text, bytes - 1);

	text[got < 0 ? 0 : got] = 0;
	close(fd);
}

/* Of the main thread's; returns how many, and the last one's number. */
int
count_children(int *last)
{
	char name[64], text[1024], *at = text, *end;
	int n = 0;

	snprintf(name, sizeof name, "/proc/self/task/%d/children", getpid());
	read_text(name, text, sizeof text);
	for (;; n++, at = end) {
		long child = strtol(at, &end, 10);

		if (end == at)
			return n;
		*last = static_cast<int>(child);
	}
}

/* While one writes there is no other look. */
void
await_writer()
{
	char name[64], stat[512];
	int child = 0;

	while (count_children(&child)) {
		snprintf(name, sizeof name, "/proc/%d/stat", child);
		read_text(name, stat, sizeof stat);
		const char *state = strrchr(stat, ')');

		if (!state || state[2] == 'Z')
			break;
		usleep(1000);
	}
}

/* No child can be made; for root as well. */
int
refuse_children()
{
	const struct rlimit none = {0, 0};

	return (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) ||
	       setrlimit(RLIMIT_NPROC, &none) != 0;
}

void
print_waits()
{
	const int kinds[] = {0, static_cast<int>(__WALL), static_cast<int>(__WCLONE)};
	siginfo_t info;
	int status;

	for (int kind : kinds) {
		printf("waitpid %d", waitpid(-1, &status, kind));
		printf(" %d", errno);
		printf(" wait3 %d", wait3(&status, kind, nullptr));
		printf(" %d", errno);
		printf(" wait4 %d", wait4(-1, &status, kind, nullptr));
		printf(" %d", errno);
		printf(" waitid %d", waitid(P_ALL, 0, &info, WEXITED | kind));
		printf(" %d\n", errno);
	}
}

/* The child is looked at until the word is there or it has ended, when it stays. */
void
print_oom_word()
{
	char name[64], word[16], stat[512];
	const char *state;
	int child = 0;

	for (int n = 0; n < ENTRIES / 2 && !count_children(&child); n++)
		free_list(1);
	do {
		snprintf(name, sizeof name, "/proc/%d/stat", child);
		read_text(name, stat, sizeof stat);
		snprintf(name, sizeof name, "/proc/%d/oom_score_adj", child);
		read_text(name, word, sizeof word);
		state = strrchr(stat, ')');
	} while (strcmp(word, "1000\n") != 0 && state && state[2] != 'Z');
	printf("oom_score_adj %s", word);
}

int
run(const std::string &what)
{
	if (what == "static") {
		fill(sessions(), ENTRIES);
	} else if (what == "small") {
		fill(sessions(), 100);
	} else if (what == "thread") {
		fill(sessions(), ENTRIES);
		std::thread([] { exit(7); }).join();
	} else if (what == "vector") {
		fill_with_objects(objects());
	} else if (what == "local-vector") {
		std::vector<object *> v;

		fill_with_objects(v);
	} else if (what == "local-deque") {
		std::deque<object *> d;

		fill_with_objects(d);
	} else if (what == "table") {
		auto **volatile t =
			static_cast<object **>(calloc(ENTRIES, sizeof(object *)));

		for (int i = 0; i < ENTRIES; i++)
			t[i] = new object();
		free(t);
	} else if (what == "lists") {
		fill_with_objects(objects());
		for (int i = 0; i < 1000; i++) {
			std::vector<object *> all(objects());

			n_freed += all.back()->bytes[0];
			work();
		}
	} else if (what == "grows") {
		fill_with_objects(*(kept = new std::vector<object *>));
	} else if (what == "handler" || what == "few" || what == "halves") {
		fill_list(ENTRIES);
		atexit(what == "few"      ? free_ten
		       : what == "halves" ? free_halves
					  : free_all_of_list);
	} else if (what == "kept") {
		fill_list(ENTRIES);
	} else if (what == "killed") {
		fill_list(ENTRIES);
		free_list(ENTRIES / 2);
		raise(SIGKILL);
	} else if (what == "child") {
		int status = 0;

		fill_list(ENTRIES);
		fflush(stdout);
		if (fork() == 0) {
			fill(sessions(), ENTRIES);
			exit(3);
		}
		if (wait(&status) < 0 || WEXITSTATUS(status) != 3)
			return 1;
	} else if (what == "refused") {
		if (refuse_children())
			return 1;
		for (int i = 0; i < 3; i++) {
			fill_list(ENTRIES);
			free_list(ENTRIES);
		}
	} else if (what == "wanders") {
		fill_list(ENTRIES);
		free_list(ENTRIES / 2);
		await_writer();
		if (chdir(fifo) != 0)
			return 1;
		fill_list(3 * ENTRIES);
		free_list(3 * ENTRIES / 2);
	} else if (what == "reaps") {
		fill_list(ENTRIES);
		free_list(ENTRIES / 2);
		print_waits();
	} else if (what == "yields") {
		fill_list(ENTRIES);
		print_oom_word();
	} else if (what == "batches") {
		for (int i = 0; i < 20; i++) {
			fill_list(ENTRIES);
			free_list(ENTRIES);
		}
	} else {
		table t;

		fill(t, ENTRIES);
	}
	return 0;
}
} // namespace

int
main(int argc, char **argv)
{
	const std::string what = argc > 1 ? argv[1] : "static";

	fifo = argc > 2 ? argv[2] : "/dev/null";
	int status = run(what);

	printf("done %s\n", what.c_str());
	fflush(stdout);
	if (what == "moves" && chdir("/") != 0)
		return 1;
	if (what == "aborts")
		abort();
	return status;
}
