/* test_sandbox.c -- what our reading of a seccomp filter says, against the kernel's.
 *
 * In:   filters: made by hand, and at random from all instructions that the kernel takes.
 * Out:  nothing but tests.  A child installs each filter and makes the call; what happens
 *       to it is what ours has to say.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/audit.h>

#include "sandbox.h"
#include "sys.h"

static uint32_t state = 1;

static uint32_t
rnd(uint32_t end)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % end;
}

/* The call that filters are asked about: getpriority, which nothing else here makes. */
enum { CALL = SYS_getpriority, REFUSED_BY_KERNEL = 200, PASSED = 201, OTHER = 202 };
static const uint64_t args[6] = {0, 0, 0xfffffffful, 0x123456789abcdef0ul, 1, UINT64_MAX};

/* The exit status of a child that installed the filter and made the call; a signal as
 * 128 + number. */
static int
kernel_says(const struct sock_filter *f, unsigned n)
{
	struct sock_fprog program = {(unsigned short)n, (struct sock_filter *)(uintptr_t)f};
	int status;
	pid_t child = fork();

	if (child == 0) {
		long result;

		(void)signal(SIGSYS, SIG_DFL); /* cmocka's handler is not the test's */
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
			_exit(REFUSED_BY_KERNEL);
		result = syscall(CALL, args[0], args[1], args[2], args[3], args[4],
				 args[5]);
		_exit(result >= 0 ? PASSED : errno < 100 ? errno : OTHER);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The same, as ours has it. */
static int
we_say(const struct sock_filter *f, unsigned n)
{
	struct seccomp_data d = {.nr = CALL, .arch = AUDIT_ARCH_X86_64};
	uint32_t said;

	memcpy(d.args, args, sizeof args);
	said = sandbox_run(f, n, &d);
	switch (said & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return PASSED;
	case SECCOMP_RET_ERRNO:
		return said & SECCOMP_RET_DATA ? (int)(said & SECCOMP_RET_DATA) : PASSED;
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_USER_NOTIF:
		return ENOSYS;
	default:
		return 128 + SIGSYS;
	}
}

/* All other calls pass; two instructions, which the tests' own come behind. */
static const struct sock_filter others_pass[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
enum { BEGIN = 3 };

static void
every_action_is_read_as_the_kernel_takes_it(void **with)
{
	static const uint32_t actions[] = {
		SECCOMP_RET_ALLOW,         SECCOMP_RET_LOG,
		SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ERRNO | 99,
		SECCOMP_RET_TRAP,          SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_KILL_PROCESS,  SECCOMP_RET_TRACE,
		SECCOMP_RET_USER_NOTIF,    0x12345678,
	};
	struct sock_filter f[BEGIN + 1];
	size_t i;

	(void)with;
	for (i = 0; i < sizeof actions / sizeof *actions; i++) {
		memcpy(f, others_pass, sizeof others_pass);
		f[BEGIN] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, actions[i]);
		assert_int_equal(we_say(f, BEGIN + 1), kernel_says(f, BEGIN + 1));
	}
}

static struct sock_filter
random_instruction(unsigned left)
{
	static const uint16_t alus[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND,
					BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG};
	static const uint16_t jumps[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
	static const uint32_t words[] = {0,    1,          2,          31,        32,
					 0xf0, 0x9abcdef0, 0x12345678, 0xffffffff};
	uint32_t word = words[rnd(sizeof words / sizeof *words)];
	uint16_t source = rnd(2) ? BPF_X : BPF_K, op;

	switch (rnd(9)) {
	case 0:
		return (struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS, 16 + 4 * rnd(12)); /* of the arguments */
	case 1:
		return (struct sock_filter)BPF_STMT(
			rnd(2) ? BPF_LD | BPF_IMM : BPF_LDX | BPF_IMM, word);
	case 2:
		return (struct sock_filter)BPF_STMT(
			rnd(2) ? BPF_LD | BPF_MEM : BPF_LDX | BPF_MEM, rnd(2));
	case 3:
		return (struct sock_filter)BPF_STMT(rnd(2) ? BPF_ST : BPF_STX, rnd(2));
	case 4:
		return (struct sock_filter)BPF_STMT(
			rnd(2) ? BPF_MISC | BPF_TAX : BPF_MISC | BPF_TXA, 0);
	case 5:
		return (struct sock_filter)BPF_STMT(
			rnd(2) ? BPF_LD | BPF_W | BPF_LEN : BPF_LDX | BPF_W | BPF_LEN, 0);
	case 6:
		return (struct sock_filter)BPF_JUMP(
			(uint16_t)(BPF_JMP | jumps[rnd(4)] | source),
			source == BPF_K ? word : 0, (uint8_t)rnd(left), (uint8_t)rnd(left));
	default:
		op = alus[rnd(10)];
		if (op == BPF_NEG)
			source = BPF_K;
		if (source == BPF_K && (op == BPF_LSH || op == BPF_RSH))
			word &= 31;
		return (struct sock_filter)BPF_STMT((uint16_t)(BPF_ALU | op | source),
						    word);
	}
}

static void
programs_of_all_instructions_are_run_as_the_kernel_runs_them(void **with)
{
	enum { LENGTH = 24, PROGRAMS = 600 };
	struct sock_filter f[BEGIN + 4 + LENGTH + 4];
	unsigned i, k, n, n_run = 0, n_different = 0, seen = 0;

	(void)with;
	for (k = 0; k < PROGRAMS; k++) {
		int kernels, ours;

		memcpy(f, others_pass, sizeof others_pass);
		n = BEGIN;
		/* What is loaded has been stored before, or the kernel refuses. */
		f[n++] = (struct sock_filter)BPF_STMT(BPF_ST, 0);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_STX, 1);
		for (i = 0; i < LENGTH; i++)
			f[n++] = random_instruction(LENGTH - i);
		/* An errno of the sum, so that each bit of it counts. */
		f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 63);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K,
						      SECCOMP_RET_ERRNO);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
		kernels = kernel_says(f, n);
		if (kernels == REFUSED_BY_KERNEL)
			continue;
		ours = we_say(f, n);
		n_run++;
		seen |= kernels == 128 + SIGSYS ? 1 : kernels == PASSED ? 2 : 4;
		n_different += ours != kernels;
	}
	assert_int_equal(n_different, 0);
	assert_true(n_run > PROGRAMS / 2);
	assert_true(seen & 4);
}

static void
of_several_filters_the_strictest_counts_and_the_last_errno(void **with)
{
	struct sock_filter f[BEGIN + 1];
	struct sock_fprog program = {BEGIN + 1, f};
	int first, second;

	(void)with;
	memcpy(f, others_pass, sizeof others_pass);
	f[1].k = SYS_getppid;
	assert_int_equal(sandbox_add(NULL), -1);
	assert_false(sandbox_is_on());
	f[BEGIN] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES);
	first = sandbox_add(&program);
	assert_int_equal(sys_getppid(), -EACCES);
	assert_true(sandbox_allows(SANDBOX_WRITE));
	f[BEGIN].k = SECCOMP_RET_ERRNO | EBUSY;
	second = sandbox_add(&program);
	assert_int_equal(sys_getppid(), -EBUSY);
	sandbox_withdraw(second);
	assert_int_equal(sys_getppid(), -EACCES);
	f[BEGIN].k = SECCOMP_RET_KILL_PROCESS;
	second = sandbox_add(&program);
	assert_int_equal(sys_getppid(), -ENOSYS);
	sandbox_withdraw(second);
	sandbox_withdraw(first);
	assert_false(sandbox_is_on());
	assert_int_equal(sys_getppid(), getppid());
}

static void
pid_and_tid_are_known_where_a_filter_forbids_to_ask(void **with)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpid, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_gettid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof f / sizeof *f, f};
	int place, pid = getpid(), status;
	pid_t child;

	(void)with;
	sys_ids_init();
	place = sandbox_add(&program);
	assert_int_equal(sys_getpid(), pid);
	assert_int_equal(sys_gettid(), pid);
	child = fork();
	if (child == 0) {
		sys_ids_after_fork();
		_exit(sys_getpid() == getpid() && sys_gettid() == getpid() ? 7 : 8);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 7);
	sandbox_withdraw(place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_is_read_as_the_kernel_takes_it),
		cmocka_unit_test(
			programs_of_all_instructions_are_run_as_the_kernel_runs_them),
		cmocka_unit_test(of_several_filters_the_strictest_counts_and_the_last_errno),
		cmocka_unit_test(pid_and_tid_are_known_where_a_filter_forbids_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
