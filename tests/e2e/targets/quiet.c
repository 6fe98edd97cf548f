/* quiet.c -- programs whose habits a profiler must not disturb.
 *
 *     quiet MODE
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;

static void
some_blocks(void)
{
	int i;

	for (i = 0; i < 300; i++)
		keep(v_malloc((size_t)i * 9), (size_t)i * 9, "malloc");
}

/* Closes everything, then counts on getting the lowest descriptors. */
static int
closes_all(void)
{
	int fd, i, wrong = 0, log = dup(TRUTH_FD);
	char name[64];

	some_blocks();
	fd = fcntl(log, F_DUPFD, 900);
	for (i = 0; i < 1024; i++)
		if (i != fd)
			close(i);
	for (i = 0; i < 20; i++) {
		int got = open("/dev/null", O_RDWR);

		if (got != i)
			wrong++;
	}
	dup2(fd, TRUTH_FD);
	some_blocks();
	for (i = 0; i < 10; i++)
		gcprof_snapshot();
	/* still what the program put there */
	for (i = 0; i < 20; i++) {
		ssize_t n;

		if (i == TRUTH_FD)
			continue;
		snprintf(name, sizeof name, "/proc/self/fd/%d", i);
		char to[64];
		n = readlink(name, to, sizeof to - 1);
		to[n > 0 ? n : 0] = '\0';
		wrong += strcmp(to, "/dev/null") != 0;
	}
	point(wrong == 0, "a program that closes all descriptors gets the lowest ones, and keeps them");
	return 0;
}

/* Number 2 is a file of the program's own: nothing of ours may go there. */
static int
own_fd2(const char *file)
{
	int fd;

	close(2);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd != 2)
		dup2(fd, 2);
	if (write(2, "mine\n", 5) != 5)
		return 1;
	some_blocks();
	v_free((void *)(uintptr_t)0x123456789000); /* something to complain about */
	gcprof_snapshot_to("/no/such/directory/x.heap");
	gcprof_snapshot();
	return 0;
}

static int
descriptors(void)
{
	int fd, n = 0;

	some_blocks();
	gcprof_snapshot();
	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	say("open %d", n);
	fd = open("/dev/null", O_RDONLY);
	say("next %d", fd);
	return 0;
}

static int
changes_place(const char *dir)
{
	some_blocks();
	if (chdir(dir) != 0)
		return 1;
	if (geteuid() == 0 && chroot(dir) != 0)
		return 1;
	some_blocks();
	puts("elsewhere");
	return 4;
}

static unsigned long
address_space(void)
{
	char line[256];
	unsigned long pages = 0;
	FILE *in = fopen("/proc/self/statm", "r");

	if (in && fgets(line, sizeof line, in))
		pages = strtoul(line, NULL, 10);
	if (in)
		fclose(in);
	return pages * 4096;
}

static int
small_address_space(void)
{
	struct rlimit limit = {0, 0};
	int i, failures = 0;
	void *p;

	/* 40 MiB more than now */
	limit.rlim_cur = limit.rlim_max = address_space() + (40u << 20);
	setrlimit(RLIMIT_AS, &limit);
	for (i = 0; i < 100; i++) {
		errno = 0;
		p = v_malloc(1 << 20);
		if (p == NULL) {
			failures++;
			if (errno != ENOMEM)
				return 1;
		} else {
			memset(p, 1, 1 << 20);
		}
	}
	point(failures > 0 && failures < 100, "malloc fails with ENOMEM under RLIMIT_AS, not at once");
	puts("survived");
	return 9;
}

/* There is room for the heap to grow, but not for what is kept of its next part;
 * later there is.  A part is 64 MiB of heap, and takes 16. */
static int
lost_for_a_while(void)
{
	enum { ROUNDS = 64, MOST = 1 << 14, BYTES = 30000 };
	static void *blocks[MOST];
	struct rlimit usual, limit;
	int n = 0, i, round;

	getrlimit(RLIMIT_AS, &usual);
	for (round = 0; round < ROUNDS && n < MOST; round++) {
		limit = usual;
		limit.rlim_cur = address_space() + (8u << 20);
		setrlimit(RLIMIT_AS, &limit);
		while (n < MOST && (blocks[n] = v_malloc(BYTES)) != NULL)
			n++;
		setrlimit(RLIMIT_AS, &usual);
		if (n < MOST && (blocks[n] = v_malloc(BYTES)) != NULL)
			n++;
	}
	for (i = 0; i < n; i++)
		v_free(blocks[i]);
	puts("freed");
	return 6;
}

static int
file_size_limit(void)
{
	struct rlimit limit = {65536, 65536};

	some_blocks();
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (int i = 0; i < 100000; i++)
		v_malloc(16);
	point(gcprof_snapshot() == -1, "gcprof_snapshot() says that it could not write");
	puts("went on");
	return 8;
}

/* SIGXFSZ not ignored: the default action would end the program. */
static int
file_size_signal(void)
{
	struct rlimit limit = {65536, 65536};

	some_blocks();
	setrlimit(RLIMIT_FSIZE, &limit);
	for (int i = 0; i < 100000; i++)
		v_malloc(16);
	point(gcprof_snapshot() == -1, "gcprof_snapshot() says that it could not write");
	puts("went on");
	return 8;
}

static volatile bool never;

static void *
idle(void *arg)
{
	while (!never)
		pause();
	return arg;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	const char *arg = argc > 2 ? argv[2] : "";
	pthread_t thread;

	if (!strcmp(mode, "closes-all"))
		return closes_all();
	if (!strcmp(mode, "own-fd2"))
		return own_fd2(arg);
	if (!strcmp(mode, "descriptors"))
		return descriptors();
	if (!strcmp(mode, "place"))
		return changes_place(arg);
	if (!strcmp(mode, "small"))
		return small_address_space();
	if (!strcmp(mode, "lost"))
		return lost_for_a_while();
	if (!strcmp(mode, "group")) {
		int how = 0;
		pid_t child = fork();

		/* Done by each thread, the library's own among them. */
		if (child == 0)
			_exit(setgid(getgid()) == 0 ? 5 : 1);
		waitpid(child, &how, 0);
		puts("set");
		return WIFEXITED(how) ? WEXITSTATUS(how) : 2;
	}
	if (!strcmp(mode, "file-size"))
		return file_size_limit();
	if (!strcmp(mode, "file-size-signal"))
		return file_size_signal();
	some_blocks();
	puts("out");
	fputs("err\n", stderr);
	fflush(stdout);
	if (!strcmp(mode, "exit"))
		exit(atoi(arg));
	if (!strcmp(mode, "return"))
		return atoi(arg);
	if (!strcmp(mode, "_exit"))
		_exit(atoi(arg));
	if (!strcmp(mode, "quick_exit"))
		quick_exit(atoi(arg));
	if (!strcmp(mode, "thread-exit")) {
		pthread_create(&thread, NULL, idle, NULL);
		pthread_detach(thread);
		exit(atoi(arg));
	}
	if (!strcmp(mode, "main-thread-ends")) {
		pthread_exit(NULL);
	}
	if (!strcmp(mode, "abort"))
		abort();
	if (!strcmp(mode, "segv")) {
		volatile int *nowhere = (volatile int *)8;

		OPAQUE(nowhere);
		*nowhere = 1;
	}
	if (!strcmp(mode, "kill"))
		raise(atoi(arg));
	if (!strcmp(mode, "pause")) {
		say("ready");
		for (;;)
			pause();
	}
	return 2;
}
