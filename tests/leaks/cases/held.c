/* held.c -- one block, and only one thing that holds it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "case.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum { STACK_BYTES = 256 << 10, MAP_BYTES = 64 << 10 };

static sem_t ready;

static void
park(void)
{
	sem_post(&ready);
	for (;;)
		pause();
}

/* Run f in a thread, wait until it has parked, and look. */
static void
look_while(void *(*f)(void *), void *with)
{
	pthread_t thread;

	sem_init(&ready, 0, 0);
	pthread_create(&thread, NULL, f, with);
	while (sem_wait(&ready))
		;
	cut();
	_exit(0);
}

/* ---- variables ---- */

static void *volatile global;

static void
held_global(void *volatile *frame)
{
	(void)frame;
	allocate_into(&global);
}

static NOINLINE void *volatile *
slot_of_function(void)
{
	static void *volatile slot;

	return &slot;
}

static void
held_static_local(void *volatile *frame)
{
	(void)frame;
	allocate_into(slot_of_function());
}

static void
held_through_another(void *volatile *frame)
{
	(void)frame;
	global = calloc(1, 64);
	allocate_into((void *volatile *)global + 5);
}

static void *volatile *
of_library(const char *file, const char *function)
{
	char name[4096];
	ssize_t n = readlink("/proc/self/exe", name, sizeof name - 64);
	void *volatile *(*f)(void);
	void *library;

	name[n > 0 ? n : 0] = 0;
	*strrchr(name, '/') = 0;
	strcat(name, "/.libs/");
	strcat(name, file);
	library = dlopen(name, RTLD_NOW);
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(3);
	}
	*(void **)&f = dlsym(library, function);
	return f();
}

static void
held_library_global(void *volatile *frame)
{
	(void)frame;
	allocate_into(of_library("plugin.so", "plugin_global"));
}

/* ---- threads ---- */

static __thread void *volatile of_thread;

static void
held_tls(void *volatile *frame)
{
	(void)frame;
	allocate_into(&of_thread);
}

static void *
tls_thread(void *with)
{
	(void)with;
	allocate_into(&of_thread);
	wipe();
	park();
	return NULL;
}

static void
held_thread_tls(void *volatile *frame)
{
	(void)frame;
	look_while(tls_thread, NULL);
}

static void *
plugin_tls_thread(void *with)
{
	allocate_into(of_library(with, "plugin_tls"));
	wipe();
	park();
	return NULL;
}

static void
held_dynamic_tls(void *volatile *frame)
{
	(void)frame;
	allocate_into(of_library("plugin.so", "plugin_tls"));
}

static void
held_thread_dynamic_tls(void *volatile *frame)
{
	(void)frame;
	look_while(plugin_tls_thread, (void *)(uintptr_t)"plugin.so");
}

static void
held_thread_surplus_tls(void *volatile *frame)
{
	(void)frame;
	look_while(plugin_tls_thread, (void *)(uintptr_t)"plugin-ie.so");
}

static pthread_key_t key;

static NOINLINE void
set_key(void)
{
	void *volatile p;

	allocate_into(&p);
	pthread_setspecific(key, p);
	p = NULL;
}

static void *
key_thread(void *with)
{
	(void)with;
	set_key();
	wipe();
	park();
	return NULL;
}

static void
held_key(void *volatile *frame)
{
	(void)frame;
	pthread_key_create(&key, NULL);
	look_while(key_thread, NULL);
}

static void
held_late_key(void *volatile *frame)
{
	int i;

	(void)frame;
	for (i = 0; i < 100; i++)
		pthread_key_create(&key, NULL);
	look_while(key_thread, NULL);
}

static void
held_main_key(void *volatile *frame)
{
	(void)frame;
	pthread_key_create(&key, NULL);
	set_key();
	wipe();
	cut();
	_exit(0);
}

static void *
stack_thread(void *with)
{
	void *volatile p[8];

	(void)with;
	allocate_into(&p[4]);
	wipe();
	park();
	return p[4];
}

static void
held_thread_stack(void *volatile *frame)
{
	(void)frame;
	look_while(stack_thread, NULL);
}

static void
held_stack_while_running(void *volatile *frame)
{
	allocate_into(&frame[7]);
	wipe();
	cut();
	_exit(0);
}

/* exit() is called by a function of main's: main's frame is alive to the end. */
static void
held_stack_at_exit(void *volatile *frame)
{
	allocate_into(&frame[7]);
	wipe();
	exit(0);
}

/* Ended, and not joined: what it returned is still to be had. */
static int ended;

static void *
returning_thread(void *with)
{
	void *volatile p;
	void *result;

	(void)with;
	allocate_into(&p);
	result = p;
	p = NULL;
	__atomic_store_n(&ended, (int)syscall(SYS_gettid), __ATOMIC_RELAXED);
	return result;
}

static void
held_result(void *volatile *frame)
{
	pthread_t thread;
	char name[64];
	int tid;

	(void)frame;
	pthread_create(&thread, NULL, returning_thread, NULL);
	while ((tid = __atomic_load_n(&ended, __ATOMIC_RELAXED)) == 0)
		usleep(1000);
	snprintf(name, sizeof name, "/proc/self/task/%d", tid);
	while (access(name, F_OK) == 0)
		usleep(1000);
	memset(&thread, 0, sizeof thread);
	wipe();
	cut();
	_exit(0);
}

/* The main thread has ended, and the rest of the process lives on. */
static void *
last_thread(void *with)
{
	void *volatile p[8];
	char name[64], text[512] = "";

	(void)with;
	snprintf(name, sizeof name, "/proc/self/task/%d/stat", (int)getpid());
	while (!strstr(text, ") Z ")) {
		FILE *f = fopen(name, "r");

		usleep(1000);
		if (!f || !fgets(text, sizeof text, f))
			_exit(3);
		fclose(f);
	}
	allocate_into(&p[4]);
	wipe();
	exit(p[4] == NULL);
}

static void
held_after_main(void *volatile *frame)
{
	pthread_t thread;

	(void)frame;
	pthread_create(&thread, NULL, last_thread, NULL);
	pthread_exit(NULL);
}

/* A thread whose stack the program made. */
static void
held_own_stack(void *volatile *frame)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)frame;
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, STACK_BYTES);
	sem_init(&ready, 0, 0);
	pthread_create(&thread, &attributes, stack_thread, NULL);
	while (sem_wait(&ready))
		;
	cut();
	_exit(0);
}

#if defined(__x86_64__)
/* The address is never in memory but in disguise. */
static uintptr_t disguised;

static NOINLINE void
disguise(void)
{
	void *volatile p;

	allocate_into(&p);
	disguised = ~(uintptr_t)p;
	p = NULL;
}

static void *
register_thread(void *with)
{
	(void)with;
	__asm__ volatile("movq %0, %%r12\n\t"
			 "notq %%r12\n\t"
			 "movl $1, %1\n"
			 "1:\tmovl %2, %%eax\n\t"
			 "syscall\n\t"
			 "jmp 1b"
			 :
			 : "m"(disguised), "m"(global), "i"(SYS_pause)
			 : "rax", "rcx", "r11", "r12", "memory");
	return NULL;
}

static void
held_register(void *volatile *frame)
{
	pthread_t thread;

	(void)frame;
	disguise();
	wipe();
	pthread_create(&thread, NULL, register_thread, NULL);
	while (!global)
		usleep(1000);
	cut();
	_exit(0);
}

/* Of the vector registers. */
static void *
vector_thread(void *with)
{
	(void)with;
	__asm__ volatile("movq %0, %%rax\n\t"
			 "notq %%rax\n\t"
			 "movq %%rax, %%xmm9\n\t"
			 "movl $1, %1\n"
			 "1:\tmovl %2, %%eax\n\t"
			 "syscall\n\t"
			 "jmp 1b"
			 :
			 : "m"(disguised), "m"(global), "i"(SYS_pause)
			 : "rax", "rcx", "r11", "xmm9", "memory");
	return NULL;
}

static void
held_vector_register(void *volatile *frame)
{
	pthread_t thread;

	(void)frame;
	disguise();
	wipe();
	pthread_create(&thread, NULL, vector_thread, NULL);
	while (!global)
		usleep(1000);
	cut();
	_exit(0);
}

/* Of the thread that asks for the snapshot itself. */
static void
held_own_register(void *volatile *frame)
{
	void (*look)(void) = cut;

	(void)frame;
	disguise();
	wipe();
	__asm__ volatile("movq %0, %%r12\n\t"
			 "notq %%r12\n\t"
			 "call *%1"
			 :
			 : "m"(disguised), "r"(look)
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
			   "memory", "cc");
	_exit(0);
}
#endif

/* ---- contexts ---- */

static ucontext_t outside, inside;

static void
suspended(void)
{
	void *volatile p[8];

	allocate_into(&p[4]);
	swapcontext(&inside, &outside);
	free(p[4]);
}

static NOINLINE void
enter(void *stack, void (*f)(void))
{
	getcontext(&inside);
	inside.uc_stack.ss_sp = stack;
	inside.uc_stack.ss_size = STACK_BYTES;
	inside.uc_link = &outside;
	makecontext(&inside, f, 0);
	swapcontext(&outside, &inside);
}

static void
held_context_malloc(void *volatile *frame)
{
	(void)frame;
	global = malloc(STACK_BYTES);
	enter(global, suspended);
}

static char static_stack[STACK_BYTES] __attribute__((aligned(64)));

static void
held_context_static(void *volatile *frame)
{
	(void)frame;
	enter(static_stack, suspended);
}

static void *
map(int how)
{
	return mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);
}

static void
held_context_mmap(void *volatile *frame)
{
	(void)frame;
	enter(map(MAP_PRIVATE), suspended);
}

/* The one who asks runs on such a stack; it holds a block, and so does the
 * stack that it left. */
static void
looks(void)
{
	void *volatile p[8];

	allocate_into(&p[4]);
	wipe();
	cut();
	_exit(p[4] == NULL);
}

static void
held_running_context_malloc(void *volatile *frame)
{
	(void)frame;
	global = malloc(STACK_BYTES);
	enter(global, looks);
}

static void
held_running_context_mmap(void *volatile *frame)
{
	(void)frame;
	enter(map(MAP_PRIVATE), looks);
}

static void
only_looks(void)
{
	cut();
	_exit(0);
}

static void
held_stack_left_for_context(void *volatile *frame)
{
	allocate_into(&frame[9]);
	wipe();
	enter(map(MAP_PRIVATE), only_looks);
}

/* ---- mappings ---- */

static void
held_mapping(void *volatile *frame)
{
	(void)frame;
	allocate_into((void *volatile *)map(MAP_PRIVATE) + 100);
}

static void
held_shared_mapping(void *volatile *frame)
{
	(void)frame;
	allocate_into((void *volatile *)map(MAP_SHARED) + 100);
}

static void
held_file_mapping(void *volatile *frame)
{
	FILE *f = tmpfile();
	void *m;

	(void)frame;
	if (!f || ftruncate(fileno(f), MAP_BYTES))
		exit(3);
	m = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
	fclose(f);
	allocate_into((void *volatile *)m + 100);
}

/* So large that absent pages are looked for; seen by the forked writer. */
static void
held_large_shared_mapping(void *volatile *frame)
{
	void *m = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)frame;
	allocate_into((void *volatile *)m + 300000);
	wipe();
	cut();
	_exit(0);
}

static void
held_attached(void *volatile *frame)
{
	int id = shmget(IPC_PRIVATE, MAP_BYTES, 0600 | IPC_CREAT);
	void *m = shmat(id, NULL, 0);

	(void)frame;
	shmctl(id, IPC_RMID, NULL);
	if (m == (void *)-1)
		exit(3);
	allocate_into((void *volatile *)m + 100);
}

/* Nobody can read the mapping's end any more, and nobody need be ended by that. */
static void
held_beside_cut_file(void *volatile *frame)
{
	FILE *f = tmpfile();
	void *m;

	(void)frame;
	if (!f || ftruncate(fileno(f), MAP_BYTES))
		exit(3);
	m = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
	allocate_into((void *volatile *)m + 100);
	if (ftruncate(fileno(f), 4096))
		exit(3);
	fclose(f);
}

static void
held_raw_mapping(void *volatile *frame)
{
	void *m = (void *)syscall(SYS_mmap, NULL, MAP_BYTES, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)frame;
	allocate_into((void *volatile *)m + 100);
}

static void
held_break(void *volatile *frame)
{
	void *m = sbrk(MAP_BYTES);

	(void)frame;
	allocate_into((void *volatile *)(((uintptr_t)m + 63) & ~(uintptr_t)63) + 100);
}

/* ---- alternate signal stacks ---- */

static NOINLINE void
give_alt_stack(void)
{
	stack_t s = {0};

	s.ss_size = HELD_BYTES;
	allocate_into((void *volatile *)&s.ss_sp);
	if (sigaltstack(&s, NULL))
		exit(3);
	memset(&s, 0, sizeof s);
}

static void *
alt_stack_thread(void *with)
{
	(void)with;
	give_alt_stack();
	wipe();
	park();
	return NULL;
}

static void
held_alt_stack(void *volatile *frame)
{
	(void)frame;
	look_while(alt_stack_thread, NULL);
}

static void
on_signal(int number)
{
	void *volatile p[8];

	p[3] = global;
	*(void *volatile *)&global = NULL;
	(void)number;
	park();
	global = p[3];
}

static void *
handler_thread(void *with)
{
	stack_t s = {.ss_sp = map(MAP_PRIVATE), .ss_size = STACK_BYTES};
	struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	(void)with;
	sigaltstack(&s, NULL);
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
	return NULL;
}

/* A handler runs there, and has the block in its frame. */
static void
held_handler_frame(void *volatile *frame)
{
	(void)frame;
	allocate_into(&global);
	wipe();
	look_while(handler_thread, NULL);
}

static void
held_frame_under_handler(void *volatile *frame)
{
	stack_t s = {.ss_sp = map(MAP_PRIVATE), .ss_size = STACK_BYTES};
	struct sigaction a = {.sa_flags = SA_ONSTACK};

	allocate_into(&frame[11]);
	wipe();
	/* cut() takes no arguments, a handler may ignore its own. */
	a.sa_handler = (void (*)(int))(uintptr_t)only_looks;
	sigaltstack(&s, NULL);
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
}

/* ---- pages without access ---- */

static void
held_beside_unreadable(void *volatile *frame)
{
	char *m = NULL;

	(void)frame;
	if (posix_memalign((void **)&m, 4096, 4 * 4096))
		exit(3);
	memset(m, 0, 4 * 4096);
	global = m;
	mprotect(m + 4096, 4096, PROT_NONE);
	allocate_into((void *volatile *)(m + 3 * 4096 + 80));
	wipe();
	cut();
	mprotect(m + 4096, 4096, PROT_READ | PROT_WRITE);
	_exit(0);
}

/* ---- pointers of all sorts ---- */

static void
held_empty(void *volatile *frame)
{
	(void)frame;
	global = malloc(0);
}

static NOINLINE void
hold_inside(size_t offset)
{
	void *volatile p;

	allocate_into(&p);
	global = (char *)p + offset;
	p = NULL;
}

static void
held_inside(void *volatile *frame)
{
	(void)frame;
	hold_inside(800);
	wipe();
}

static void
held_by_last_byte(void *volatile *frame)
{
	(void)frame;
	hold_inside(HELD_BYTES - 1);
	wipe();
}

struct node {
	struct node *next;
};

struct item {
	char what[24];
	struct node link;
	char more[40];
};

/* An intrusive list: each link points to the next item's link. */
static void
held_container(void *volatile *frame)
{
	struct node *head = NULL;
	int i;

	(void)frame;
	for (i = 0; i < 3; i++) {
		struct item *item = calloc(1, sizeof *item);

		item->link.next = head;
		head = &item->link;
	}
	global = head;
	head = NULL;
	wipe();
}

static void
held_tagged(void *volatile *frame)
{
	(void)frame;
	hold_inside(3);
	wipe();
}

static void
held_large_inside(void *volatile *frame)
{
	char *volatile m = malloc((size_t)65 << 20);

	(void)frame;
	global = m + 4096;
	m = NULL;
	wipe();
}

#define INSIDE "0/0 0/0 1/4321"

static const struct leak_case cases[] = {
	{"global", held_global, NOTHING, "globals"},
	{"static-local", held_static_local, NOTHING, "globals"},
	{"through-another", held_through_another, NOTHING, "globals+"},
	{"library-global", held_library_global, NOTHING, "globals"},
	{"tls", held_tls, NOTHING, "tls"},
	{"thread-tls", held_thread_tls, NOTHING, "tls"},
	{"dynamic-tls", held_dynamic_tls, NOTHING, "-"},
	{"thread-dynamic-tls", held_thread_dynamic_tls, NOTHING, "tls+"},
	{"thread-surplus-tls", held_thread_surplus_tls, NOTHING, "tls"},
	{"key", held_key, NOTHING, "keys"},
	{"late-key", held_late_key, NOTHING, "keys+"},
	{"main-key", held_main_key, NOTHING, "keys"},
	{"thread-stack", held_thread_stack, NOTHING, "stacks"},
	{"stack-while-running", held_stack_while_running, NOTHING, "stacks"},
	{"stack-at-exit", held_stack_at_exit, NOTHING, "stacks"},
	{"result", held_result, NOTHING, "tls"},
	{"after-main", held_after_main, NOTHING, "stacks"},
	{"own-stack", held_own_stack, NOTHING, "-"},
#if defined(__x86_64__)
	{"register", held_register, NOTHING, "registers"},
	{"vector-register", held_vector_register, NOTHING, "registers"},
	{"own-register", held_own_register, NOTHING, "-"},
#endif
	{"context-malloc", held_context_malloc, NOTHING, "globals+"},
	{"context-static", held_context_static, NOTHING, "globals"},
	{"context-mmap", held_context_mmap, NOTHING, "mappings"},
	{"running-context-malloc", held_running_context_malloc, NOTHING, "-"},
	{"running-context-mmap", held_running_context_mmap, NOTHING, "-"},
	{"stack-left-for-context", held_stack_left_for_context, NOTHING, "stacks"},
	{"mapping", held_mapping, NOTHING, "mappings"},
	{"shared-mapping", held_shared_mapping, NOTHING, "mappings"},
	{"file-mapping", held_file_mapping, NOTHING, "mappings"},
	{"large-shared-mapping", held_large_shared_mapping, NOTHING, "mappings"},
	{"attached", held_attached, NOTHING, "other"},
	{"beside-cut-file", held_beside_cut_file, NOTHING, "mappings"},
	{"raw-mapping", held_raw_mapping, NOTHING, "other"},
	{"break", held_break, NOTHING, "other"},
	{"alt-stack", held_alt_stack, NOTHING, "alt-stacks+"},
	{"handler-frame", held_handler_frame, NOTHING, "-"},
	{"frame-under-handler", held_frame_under_handler, NOTHING, "stacks"},
	{"beside-unreadable", held_beside_unreadable, NOTHING, "-"},
	{"empty", held_empty, NOTHING, "-"},
	{"inside", held_inside, INSIDE, "globals"},
	{"by-last-byte", held_by_last_byte, INSIDE, "globals"},
	{"container", held_container, "0/0 0/0 3/216", "-"},
	{"tagged", held_tagged, INSIDE, "globals"},
	{"large-inside", held_large_inside, "0/0 0/0 1/68157440", "-"},
	{NULL, NULL, NULL, NULL},
};

int
main(int argc, char **argv)
{
	void *volatile frame[64] = {0};

	return run_case(cases, argc, argv, frame);
}
