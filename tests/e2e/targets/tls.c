/* tls.c -- thread-local data of the initial-exec model, for audit.sh.
 *
 * As a library (-DTLS_BYTES=N -DTLS_NAME=F): function F hands out N bytes of it.
 * As a program: links such libraries, and loads those that it is given, one by one.
 *
 *     tls LIBRARY...
 *
 * Prints the names of those that could be loaded, and "sum N", of what the threads
 * found in the data of all.
 *
 * SPDX-License-Identifier: MIT
 */
#ifdef TLS_BYTES
static __thread __attribute__((tls_model("initial-exec"))) char data[TLS_BYTES] = {1};

char *TLS_NAME(void);
char *
TLS_NAME(void)
{
	return data;
}
#else
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EACH(f)                                                                          \
	f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11) f(12) f(13) f(14)  \
		f(15) f(16) f(17) f(18) f(19)
#define DECLARE(n) char *tls_##n(void);
#define ENTRY(n) tls_##n,
EACH(DECLARE)
static char *(*const linked[20])(void) = {EACH(ENTRY)};
static char *(*loaded[64])(void);
static int n_loaded;

static void *
work(void *sum)
{
	void *blocks[64];
	int i;

	for (i = 0; i < 64; i++)
		blocks[i] = malloc(16 + (size_t)i * 40);
	for (i = 0; i < 20; i++)
		*(long *)sum += *linked[i]();
	for (i = 0; i < n_loaded; i++)
		*(long *)sum += *loaded[i]();
	for (i = 0; i < 64; i++)
		free(blocks[i]);
	return NULL;
}

int
main(int argc, char **argv)
{
	long sum = 0;
	int i;

	for (i = 1; i < argc && n_loaded < 64; i++) {
		void *library = dlopen(argv[i], RTLD_NOW);

		if (!library)
			continue;
		*(void **)&loaded[n_loaded++] = dlsym(library, "tls_late");
		printf("%s\n", strrchr(argv[i], '/') + 1);
	}
	work(&sum);
	for (i = 0; i < 20; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work, &sum) || pthread_join(thread, NULL))
			return 1;
	}
	printf("sum %ld\n", sum);
	return 0;
}
#endif
