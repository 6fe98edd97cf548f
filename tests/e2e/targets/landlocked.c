/* landlocked.c -- a program that shuts itself in by landlock(7), and works on.
 *
 * usage: landlocked DIRECTORY WORD...
 *   WORD  write (nothing beneath DIRECTORY can be changed), read (nothing can be read but
 *         DIRECTORY), seccomp (a filter of libseccomp's kind refuses landlock's calls with
 *         ENOSYS, as an older kernel does), thread (one more, which sleeps, and
 *         alone has a block), wait (for a signal,
 *         having said "ready")
 * Prints what the kernel has answered, and what the program could do, and ends with 7.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };

void *kept[100];
static volatile int has_begun;

static int
has(char **words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return 1;
	return 0;
}

static void
refuse(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CREATE_RULESET, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, RESTRICT_SELF, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof f / sizeof *f, f};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		exit(98);
}

/* What is handled is forbidden, but where a rule allows it. */
static void
restrict_self(const char *directory, int is_write, int is_read)
{
	const uint64_t writing = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
				 LANDLOCK_ACCESS_FS_REMOVE_FILE;
	const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = (is_write ? writing : 0) | (is_read ? reading : 0)};
	struct landlock_path_beneath_attr beneath = {.allowed_access = reading};
	long ruleset = syscall(CREATE_RULESET, &attr, sizeof attr, 0L), result;

	if (ruleset < 0) {
		printf("no landlock: %d\n", errno);
		return;
	}
	if (is_read) {
		beneath.parent_fd = open(directory, O_PATH | O_CLOEXEC);
		if (syscall(ADD_RULE, ruleset, (long)LANDLOCK_RULE_PATH_BENEATH, &beneath, 0L) != 0)
			printf("no rule: %d\n", errno);
		(void)close(beneath.parent_fd);
	}
	result = syscall(RESTRICT_SELF, ruleset, 0L);
	printf("restricted: %d\n", result == 0 ? 0 : errno);
	(void)close((int)ruleset);
}

static void
try(const char *what, const char *name, int flags)
{
	int fd = open(name, flags, 0600);

	printf("%s: %d\n", what, fd < 0 ? errno : 0);
	if (fd >= 0)
		(void)close(fd);
}

static void *
sleep_on(void *with)
{
	void *volatile own = malloc(777);

	has_begun = 1;
	for (;;)
		(void)pause();
	return own ? with : NULL;
}

int
main(int argc, char **argv)
{
	char name[4200];
	pthread_t thread;
	int i;

	if (argc < 3)
		return 99;
	if (has(argv + 2, "thread")) {
		pthread_create(&thread, NULL, sleep_on, NULL);
		while (!has_begun)
			(void)sched_yield();
	}
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (has(argv + 2, "seccomp"))
		refuse();
	restrict_self(argv[1], has(argv + 2, "write"), has(argv + 2, "read"));
	snprintf(name, sizeof name, "%s/own", argv[1]);
	try("write", name, O_WRONLY | O_CREAT);
	try("read", "/proc/self/maps", O_RDONLY);
	for (i = 0; i < 100; i++) {
		free(malloc(1 << 20));
		kept[i] = malloc((size_t)i * 100);
	}
	puts(has(argv + 2, "wait") ? "ready" : "worked");
	fflush(stdout);
	while (has(argv + 2, "wait"))
		(void)pause();
	return 7;
}
