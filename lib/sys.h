/* sys.h -- the kernel, without libc in between, and our few printed lines.
 *
 * In:   requests of any file of the library.
 * Out:  results as the kernel gives them: >= 0, or -errno.  errno is untouched.
 * Not here: what is worth saying (session.c), our own memory (mem.h).
 *
 * Context  every function here is safe in signal handlers, in a forked child
 *          of a threaded program, and before libc is ready.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SYS_H
#define GCPROF_SYS_H

#include "base.h"
#include <signal.h>
#include <stdarg.h>
#include <sys/types.h>

/* A call that is about to be made, and the place that the kernel would see. */
struct sys_call {
	long number, args[6];
	uintptr_t place;
};
/* From now on, calls are made only if this returns true, and else give *ret; NULL: all
 * are.  Returns when those that are under way in other threads are over. */
void sys_set_filter(bool (*passes)(const struct sys_call *c, long *ret));
/* Whether the call would be made. */
bool sys_may(long number, long a, long b, long c);
/* A call that the program asks for, whatever filters say of it. */
long sys_pass(long number, long a, long b, long c, long d, long e, long f);

/* One of ours that no function below makes. */
long sys_call(long number, long a, long b, long c);

long sys_mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset);
long sys_munmap(void *addr, size_t bytes);
long sys_mremap(void *addr, size_t old_bytes, size_t bytes, int flags, void *to);
long sys_mprotect(void *addr, size_t bytes, int prot);
long sys_madvise(void *addr, size_t bytes, int advice);
long sys_mincore(void *addr, size_t bytes, unsigned char *ret_pages);

/* Never gives 0, 1 or 2: a program that has closed them may write there. */
int sys_open(const char *name, int flags, int mode);
/* Whether no descriptor is to be had. */
bool sys_is_full(void);
long sys_read(int fd, void *buf, size_t bytes);
long sys_write(int fd, const void *buf, size_t bytes);
long sys_pread(int fd, void *buf, size_t bytes, uint64_t offset);
long sys_pwrite(int fd, const void *buf, size_t bytes, uint64_t offset);
long sys_ioctl(int fd, unsigned long request, void *with);
int sys_close(int fd);
int sys_rename(const char *from, const char *to);
/* The same unless `to` is there: -EEXIST.  Not all file systems can. */
int sys_rename_new(const char *from, const char *to);
int sys_unlink(const char *name);
int sys_mkdir(const char *name, int mode);
int sys_rmdir(const char *name);
/* Whether something is there and is no regular file: a link, wherever it leads, is none. */
bool sys_is_special_file(const char *name);
struct stat;
int sys_fstat(int fd, struct stat *ret);
int sys_lstat(const char *name, struct stat *ret);
int sys_fsync(int fd);
int sys_fchmod(int fd, int mode);
/* flock(2), exclusive, without waiting.  Returns 0 or -errno. */
int sys_lock(int fd);
/* Never 0, 1 or 2, like sys_open. */
int sys_dup(int fd);
/* As access(2) with the ids that count, the effective ones. */
int sys_access(const char *name, int how);
/* The same beneath an open directory. */
int sys_open_at(int directory, const char *name, int flags, int mode);
int sys_lstat_at(int directory, const char *name, struct stat *ret);
int sys_unlink_at(int directory, const char *name, bool is_directory);
/* Call f for each name in an open directory, until it returns false.  Returns 0 or -errno. */
int sys_entries(int directory, bool (*f)(const char *name, void *with), void *with);
long sys_readlink(const char *name, char *buf, size_t bytes);
/* The working directory as seen from this process's root; "(unreachable)..." if it is not
 * below it.  Returns its length without the NUL, or -errno. */
long sys_getcwd(char *buf, size_t bytes);
/* The program's file, as the kernel names it; without /proc as execve was given it, from
 * the root.  Not ended by NUL.  Returns its length, or -errno. */
long sys_executable(char *buf, size_t bytes);
/* What execve was given, a link or a script maybe, or /dev/fd/N; the first argument.  Empty
 * if they are not known. */
const char *sys_executed_name(void);
const char *sys_first_argument(void);
/* A path's last component; empty behind a slash. */
const char *sys_base_name(const char *path);
/* Close all file descriptors from `from` on. */
void sys_close_from(unsigned from);

/* Both are known without a call where a filter forbids it. */
int sys_getpid(void);
int sys_gettid(void);
/* At the start, in the main thread; in the child of a fork. */
void sys_ids_init(void);
void sys_ids_after_fork(void);
/* The word of the C library's with this thread's number, which the kernel clears, and wakes
 * who sleeps on it (FUTEX_WAKE), when the thread ends or its process becomes another
 * program while somebody else has its memory.  NULL if it is not known. */
const volatile int *sys_tid_word(void);
int sys_getppid(void);
int sys_geteuid(void);
/* Whether a process has that pid, be it a zombie. */
bool sys_is_process(int pid);
/* A child as fork makes one, but without handlers and without a signal to the
 * parent at its end; wait for it with sys_reap.  Returns 0 in the child. */
int sys_fork_silent(void);
/* A process of its own that shares this memory and this thread's thread pointer, and runs
 * f on a stack that ends at top; f does not return.  No signal at its end; not traced with
 * its parent; descriptors, directories and handlers are copies.  Returns its number, or
 * -errno. */
int sys_start_beside(void (*f)(void), void *top);
/* Returns pid when that child is gone, 0 if it runs still (only with
 * is_waiting false), -errno. ret_status may be NULL. */
int sys_reap(int pid, bool is_waiting, int *ret_status);
/* execve; returns -errno. */
int sys_exec(const char *name, const char *const *args, char *const *environment);
void sys_stdout_is_stderr(void);
/* A pipe, neither end of which is 0, 1 or 2.  Returns 0 or -errno. */
int sys_pipe(int ret_ends[2]);
/* Before sys_exec in a child: make these 0, 1 and 2 (-1: /dev/null), close all
 * others, and give every signal its default action, unblocked. */
void sys_set_streams(int in, int out, int err);
void sys_default_signals(void);
void sys_kill(int pid);
void sys_exit(int status) __attribute__((noreturn));
/* The inode of this process's pid namespace; 0 = unknown. */
uint64_t sys_pid_namespace(void);
/* Whether a user is one of those that this process is, or the privileged one. */
bool sys_is_own_user(uint32_t uid);
/* Whether a thread of this process lives. */
bool sys_is_thread(int tid);
/* The state letter of a process, or of a thread of this one, as proc(5) has it
 * in /proc/PID/stat; 0 if unknown. */
char sys_process_state(int pid);
char sys_thread_state(int tid);
/* What a thread of a process is called; "" if nobody knows. */
void sys_task_name(int pid, int tid, char *ret, size_t bytes);
/* Send a signal to a thread of this process.  Returns 0 or -errno. */
int sys_signal_thread(int tid, int number);
/* Call f for each thread of this process.  Returns 0 or -errno. */
int sys_threads(void (*f)(int tid, void *with), void *with);
/* Signals that a thread blocks, and those that wait for the process; as
 * sys_blocked_signals.  0, 0 of one that has ended.  Returns false if another asks just
 * now. */
bool sys_signal_sets(int tid, uint64_t *ret_blocked, uint64_t *ret_pending);
/* Signals that a thread blocks; bit n-1 is signal n; 0 if that is unknown. */
uint64_t sys_blocked_signals(int tid);
/* The system call in which a thread of this process sleeps: its number, arguments,
 * stack pointer and where it returns to; -1 if it is in none, or that is unknown. */
int64_t sys_thread_call(int tid, uint64_t ret_args[6], uint64_t *ret_sp, uint64_t *ret_pc);
/* Memory of this process that may be gone by now.  Returns whether it was there. */
bool sys_read_memory(uintptr_t from, void *to, size_t bytes);
/* This thread's alternate signal stack, 0 if it has none. */
uintptr_t sys_alt_stack(void);
bool sys_is_on_alt_stack(void);
/* Sleep while *word is value, at most for ns; UINT64_MAX: for ever. */
void sys_wait(const uint32_t *word, uint32_t value, uint64_t ns);
/* Wake all that sleep on a word. */
void sys_wake(const uint32_t *word);
int sys_thread_name(char name[16]);
/* mask of signal n is bit n-1. */
uint64_t sys_block_signals(void);
void sys_restore_signals(uint64_t mask);
/* Let this thread take one (0 = none) signal; returns its mask as it was. */
uint64_t sys_unblock_signal(int number);
/* Let this thread take the signals that the C library sends its threads: setuid and
 * its kind wait until each thread has answered. */
void sys_allow_libc_signals(void);
/* struct sigaction of rt_sigaction(2), without libc's part in it. */
struct sys_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};
/* The restorer of `to` is filled in.  Either may be NULL.  Returns 0 or -errno. */
int sys_sigaction(int number, const struct sys_action *to, struct sys_action *ret_old);
void sys_unblock_signals(uint64_t mask);
/* Either may be NULL.  Returns 0 or -errno. */
int sys_sigaltstack(const stack_t *to, stack_t *ret_old);
/* A signal of this process's that a handler took and was not meant for it. */
void sys_send_again(int number, const siginfo_t *info);
/* Take one of a set of blocked signals that waits for this thread or process.  Returns its
 * number, or what is not greater than 0 if none does. */
int sys_take_signal(uint64_t set, siginfo_t *ret);
/* Have this thread, the main one, find a signal again that it has taken. */
void sys_send_to_self(int number, const siginfo_t *info);
/* Queue a signal for a thread of this process, with a value.  Returns 0 or -errno. */
int sys_queue_signal(int tid, int number, uintptr_t value);
/* Signals that wait for this thread or process; bit n-1 is signal n. */
uint64_t sys_pending_signals(void);
/* The function that handles a signal, and whether with SA_RESTART; 0 = none. */
uintptr_t sys_handler(int number, bool *ret_restarts);
/* Whether a signal would be thrown away: ignored, also by default. */
bool sys_is_ignored(int number);
/* SO_RCVTIMEO or SO_SNDTIMEO of a socket; 0 = none, or no socket. */
uint64_t sys_socket_limit_ns(int fd, int option);
bool sys_is_unix_socket(int fd);
/* Forget a blocked signal that is pending for this thread or process. */
void sys_drop_signal(int number);

/* Where the program's break is. */
uintptr_t sys_break(void);

/* Whether 8 bytes at addr can be read; asks the kernel, about 100 ns. */
bool sys_is_readable(uintptr_t addr);

/* RLIMIT_STACK, in bytes. */
uint64_t sys_stack_limit(void);
/* As poll does: nanosleep would overwrite what restart_syscall(2) needs to go on with
 * a call that a handler of ours interrupted. */
void sys_sleep(uint64_t ns);
/* Let another thread run. */
void sys_yield(void);
uint64_t sys_now_ns(void);      /* monotonic */
uint64_t sys_realtime_ns(void); /* since 1970 */
/* Whether both are read without a call; from now on they stand. */
bool sys_has_free_clocks(void);
void sys_stop_clocks(void);

/* A small printf: %s %d %u %x %c %%, with l for 64 bits. Always ends with NUL.
 * Returns the length, at most bytes - 1. */
size_t sys_format(char *buf, size_t bytes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t sys_vformat(char *buf, size_t bytes, const char *format, va_list ap);

/* What an errno means: strerror may read message catalogues, and allocate. */
const char *sys_error_name(int err);

/* Remember which file standard error is, for sys_log. */
void sys_log_init(void);
/* The process that lines are about: the program, also where a child writes. */
void sys_log_about(int pid);
/* Whether standard error is the file it was at the start. */
bool sys_log_is_there(void);
/* One line on standard error, `gcprof[pid]: ...`, unless that is no longer the
 * file it was at the start: the program may have put its own data there. */
void sys_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Write without SIGPIPE or SIGXFSZ; a failure has nobody to be told to. */
void sys_write_quietly(int fd, const char *bytes, size_t n);
/* Bytes as they are, to the same place under the same condition. */
void sys_log_raw(const char *text, size_t bytes);

/* Call f with each line of a file, without its end; a line of more than `bytes` is left out,
 * or its first part.  Returns 0, or -errno: then some or all of it was not seen. */
long sys_read_lines(const char *name, char *buf, size_t bytes,
		    void (*f)(const char *line, void *with), void *with);
/* A whole small file into buf, NUL at the end. Returns length or -errno. */
long sys_read_file(const char *name, char *buf, size_t bytes);

#endif
