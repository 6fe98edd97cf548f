/* interpose_sandbox.c -- prctl(2) and syscall(2): where a program shuts itself in, or
 * replaces itself without the functions for it.
 *
 * In:   all calls of both by the program and its libraries (libseccomp makes its own by
 *       syscall(2)).
 * Out:  filters to sandbox.h before the kernel has them; an end by
 *       syscall(SYS_exit_group) to session.h; calls with a time-out to interpose_wait.c;
 *       execve and execveat to exec.h; changes of pages to large.h; everything else to the
 *       C library.
 *
 * INVARIANT  no-frame: a call that is not looked at goes on with the caller's stack,
 * registers and return address, by a jump.  syscall(SYS_vfork) and syscall(SYS_clone)
 * return twice, and a frame of ours would be overwritten in between.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dontfork.h"
#include "exec.h"
#include "large.h"
#include "libc.h"
#include "record.h"
#include "sandbox.h"
#include "session.h"
#include "sys.h"
#include "wrap.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* ---- what is looked at ------------------------------------------------------- */

/* The call as the program makes it, and what it installs. */
struct entry {
	long number, args[6];
	const struct sock_fprog *program;
	bool is_strict, gives_descriptor;
};

static bool
has_succeeded(const struct entry *e, long result)
{
	/* Else more than 0 is a thread that SECCOMP_FILTER_FLAG_TSYNC could not reach. */
	return result == 0 || (result > 0 && e->gives_descriptor);
}

static long
enter(const struct entry *e)
{
	int saved = errno, place;
	long result;

	session_before_sandbox();
	place = e->is_strict ? sandbox_add_strict() : sandbox_add(e->program);
	if (place >= 0)
		session_note_sandbox(e->is_strict);
	result = sys_pass(e->number, e->args[0], e->args[1], e->args[2], e->args[3],
			  e->args[4], e->args[5]);
	if (!has_succeeded(e, result))
		sandbox_withdraw(place);
	session_after_sandbox();
	errno = saved;
	return result;
}

static long
set_errno(long result)
{
	if ((unsigned long)result < -4095ul)
		return result;
	errno = (int)-result;
	return -1;
}

/* The rest of prctl, entered by a jump. */
long sandbox_prctl(int option, unsigned long mode, unsigned long program,
		   unsigned long fourth, unsigned long fifth) HIDDEN __attribute__((used));
long
sandbox_prctl(int option, unsigned long mode, unsigned long program, unsigned long fourth,
	      unsigned long fifth)
{
	const struct entry e = {
		.number = SYS_prctl,
		.args = {option, (long)mode, (long)program, (long)fourth, (long)fifth},
		.program = (const struct sock_fprog *)program,
		.is_strict = mode == SECCOMP_MODE_STRICT,
	};

	if (option != PR_SET_SECCOMP || (!e.is_strict && mode != SECCOMP_MODE_FILTER))
		return set_errno(sys_pass(SYS_prctl, option, (long)mode, (long)program,
					  (long)fourth, (long)fifth, 0));
	return set_errno(enter(&e));
}

/* A call that changes pages: those of a large block may be among them.  One that fails
 * has changed nothing, and the block is only not kept. */
static void
note_changed(long number, long a, long b, long c, long d, long e)
{
	switch (number) {
	case SYS_mmap:
		if (d & MAP_FIXED)
			large_changed((uintptr_t)a, (size_t)b);
		break;
	case SYS_mremap:
		large_changed((uintptr_t)a, (size_t)b);
		if (d & MREMAP_FIXED)
			large_changed((uintptr_t)e, (size_t)c);
		break;
	case SYS_madvise:
		dontfork_advised((int)c);
		if (large_is_passing((int)c))
			break;
		__attribute__((fallthrough));
	case SYS_mprotect:
	case SYS_munmap:
	case SYS_mlock:
	case SYS_remap_file_pages:
	case SYS_mbind:
	case SYS_mlock2:
	case SYS_pkey_mprotect:
		large_changed((uintptr_t)a, (size_t)b);
		break;
	default:
		break;
	}
}

/* The rest of syscall, for the numbers below. */
long sandbox_syscall(long number, long a, long b, long c, long d, long e, long f) HIDDEN
	__attribute__((used));
long
sandbox_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	const struct entry entry = {
		.number = number,
		.args = {a, b, c, d, e, f},
		.program = (const struct sock_fprog *)c,
		.is_strict = a == SECCOMP_SET_MODE_STRICT,
		.gives_descriptor = (b & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0,
	};

	if (number == SYS_prctl)
		return sandbox_prctl((int)a, (unsigned long)b, (unsigned long)c,
				     (unsigned long)d, (unsigned long)e);
	if (number == SYS_execve || number == SYS_execveat) {
		long result;

		exec_enter();
		result = sys_pass(number, a, b, c, d, e, f);
		exec_leave();
		return set_errno(result);
	}
	if (number == SYS_exit_group)
		session_at_end();
	note_changed(number, a, b, c, d, e);
	if (number == SYS_seccomp && (entry.is_strict || a == SECCOMP_SET_MODE_FILTER))
		return set_errno(enter(&entry));
	return set_errno(sys_pass(number, a, b, c, d, e, f));
}

/* ---- the names ----------------------------------------------------------------- */

void *sandbox_real_prctl HIDDEN, *sandbox_real_syscall HIDDEN;
int *sandbox_errno(void) HIDDEN __attribute__((used));
int *
sandbox_errno(void)
{
	return &errno;
}

__attribute__((constructor)) static void
find_next(void)
{
	sandbox_real_prctl = libc_dlsym(RTLD_NEXT, "prctl");
	sandbox_real_syscall = libc_dlsym(RTLD_NEXT, "syscall");
}

/* Calls with a time-out: interpose_wait.c. */
_Static_assert(SYS_io_getevents == 208 && SYS_epoll_wait == 232 && SYS_epoll_pwait == 281 &&
		       SYS_semtimedop == 220 && SYS_rt_sigtimedwait == 128,
	       "as below");
_Static_assert(SYS_prctl == 157 && SYS_seccomp == 317 && SYS_exit_group == 231 &&
		       SYS_execve == 59 && SYS_execveat == 322 && PR_SET_SECCOMP == 22,
	       "as below");

_Static_assert(SYS_mmap == 9 && SYS_mprotect == 10 && SYS_munmap == 11 &&
		       SYS_mremap == 25 && SYS_madvise == 28 && SYS_mlock == 149 &&
		       SYS_remap_file_pages == 216 && SYS_mbind == 237 &&
		       SYS_mlock2 == 325 && SYS_pkey_mprotect == 329,
	       "as below");

/* r11 is nobody's at a call.  Before the constructor has run, prctl goes through C, and
 * syscall makes the call itself: its arguments are one place further on than the
 * kernel's. */
__asm__(".text\n"
	".globl prctl\n"
	".type prctl, @function\n"
	"prctl:\n"
	"	endbr64\n"
	"	cmpl	$22, %edi\n"
	"	je	sandbox_prctl\n"
	"	movq	sandbox_real_prctl(%rip), %r11\n"
	"	testq	%r11, %r11\n"
	"	jz	sandbox_prctl\n"
	"	jmp	*%r11\n"
	".size prctl, . - prctl\n"
	".globl syscall\n"
	".type syscall, @function\n"
	"syscall:\n"
	"	.cfi_startproc\n"
	"	endbr64\n"
	"	cmpq	$317, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$157, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$231, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$59, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$322, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$9, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$10, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$11, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$25, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$28, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$149, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$216, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$237, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$325, %rdi\n"
	"	je	sandbox_syscall\n"
	"	cmpq	$329, %rdi\n"
	"	je	sandbox_syscall\n"
	"	movq	sandbox_real_syscall(%rip), %r11\n"
	"	testq	%r11, %r11\n"
	"	jz	1f\n"
	"	cmpq	$208, %rdi\n"
	"	je	wait_syscall\n"
	"	cmpq	$232, %rdi\n"
	"	je	wait_syscall\n"
	"	cmpq	$281, %rdi\n"
	"	je	wait_syscall\n"
	"	cmpq	$441, %rdi\n"
	"	je	wait_syscall\n"
	"	cmpq	$220, %rdi\n"
	"	je	wait_syscall\n"
	"	cmpq	$128, %rdi\n"
	"	je	wait_syscall\n"
	"	jmp	*%r11\n"
	"1:	movq	%rdi, %rax\n"
	"	movq	%rsi, %rdi\n"
	"	movq	%rdx, %rsi\n"
	"	movq	%rcx, %rdx\n"
	"	movq	%r8, %r10\n"
	"	movq	%r9, %r8\n"
	"	movq	8(%rsp), %r9\n"
	"	syscall\n"
	"	cmpq	$-4095, %rax\n"
	"	jae	2f\n"
	"	ret\n"
	"2:	negl	%eax\n"
	"	pushq	%rax\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	call	sandbox_errno\n"
	"	popq	%rcx\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	movl	%ecx, (%rax)\n"
	"	movq	$-1, %rax\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size syscall, . - syscall\n");
