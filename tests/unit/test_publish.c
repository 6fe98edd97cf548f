/* test_publish.c -- requests, and a tool's signal against execve.
 *
 * It includes publish.c, and plays the tool.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../lib/publish.c"

#include <sys/wait.h>
#include <unistd.h>

#define NUMBER (SIGRTMAX - 8)

static volatile sig_atomic_t n_taken;
static enum publish_kind taken;

static void
on_request(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	n_taken++;
	taken = publish_note(info);
}

static int
start(void **state)
{
	struct sigaction act = {.sa_sigaction = on_request, .sa_flags = SA_SIGINFO};

	(void)state;
	memset(requests, 0, sizeof requests);
	p.n_requests = p.n_in_exec = 0;
	p.asker = 0;
	n_taken = 0;
	options_parse(environ); /* still where the kernel put it */
	sigaction(NUMBER, &act, NULL);
	publish_request_signal(NUMBER, true);
	publish_start();
	return 0;
}

static uint64_t
value_of(uint32_t kind, uint32_t nonce)
{
	return (uint64_t)kind << 32 | nonce;
}

static void
queue(uint64_t value)
{
	union sigval v = {.sival_ptr = (void *)(uintptr_t)value};

	assert_int_equal(sigqueue(getpid(), NUMBER, v), 0);
}

static void
announce(pid_t pid, uint32_t nonce)
{
	p.asker_namespace = (uint32_t)sys_pid_namespace();
	p.asker = (uint64_t)pid << 32 | nonce;
}

static bool
is_blocked(void)
{
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, NUMBER);
}

/* ---- exec ---- */

static void
exec_that_nobody_asks_does_not_wait(void **state)
{
	uint64_t begun = sys_now_ns();

	(void)state;
	publish_enter_exec();
	assert_int_equal(p.n_in_exec, 1);
	publish_leave_exec();
	assert_int_equal(p.n_in_exec, 0);
	assert_true(sys_now_ns() - begun < 500000000);
}

static void
exec_takes_a_blocked_signal_that_was_announced(void **state)
{
	sigset_t set;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, NUMBER);
	sigprocmask(SIG_BLOCK, &set, NULL);
	announce(getpid(), 77);
	queue(value_of(PUBLISHED_ASKS_SNAPSHOT, 77));
	assert_int_equal(n_taken, 0);
	publish_enter_exec();
	assert_int_equal(n_taken, 1);
	assert_int_equal(taken, PUBLISH_SNAPSHOT);
	assert_int_equal(p.asker, 0);
	assert_true(is_blocked());
	publish_leave_exec();
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void
exec_waits_for_a_signal_that_is_still_to_be_sent(void **state)
{
	pid_t tool, self = getpid();
	int status;

	(void)state;
	tool = fork();
	if (tool == 0) {
		union sigval v = {
			.sival_ptr = (void *)(uintptr_t)value_of(PUBLISHED_ASKS_LOOK, 78)};

		usleep(50000);
		_exit(sigqueue(self, NUMBER, v) == 0 ? 0 : 1);
	}
	announce(tool, 78);
	publish_enter_exec();
	assert_int_equal(n_taken, 1);
	assert_int_equal(taken, PUBLISH_LOOK);
	publish_leave_exec();
	assert_int_equal(waitpid(tool, &status, 0), tool);
	assert_int_equal(status, 0);
}

/* By the clock, but only a wait of a second would be as long. */
static void
exec_does_not_wait_for_a_tool_that_was_killed(void **state)
{
	uint64_t begun;
	pid_t tool = fork();

	(void)state;
	if (tool == 0)
		_exit(0);
	waitpid(tool, NULL, 0);
	announce(tool, 79);
	begun = sys_now_ns();
	publish_enter_exec();
	assert_true(sys_now_ns() - begun < 900000000);
	assert_int_equal(p.asker, 0);
	publish_leave_exec();
}

static void
exec_does_not_wait_for_ever_for_a_tool_that_hangs(void **state)
{
	(void)state;
	announce(getpid(), 80);
	publish_enter_exec();
	assert_int_equal(n_taken, 0);
	assert_int_equal(p.asker, 0);
	publish_leave_exec();
}

/* As one of vfork: our memory, another pid. */
static void
a_child_that_the_library_does_not_know_leaves_the_count_alone(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		publish_enter_exec();
		_exit(p.n_in_exec == 0 ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* ---- requests ---- */

static void
what_is_no_request_is_not_noted(void **state)
{
	(void)state;
	queue(0);
	queue(42);
	queue(value_of(PUBLISHED_ASKS_SNAPSHOT + 2, 1));
	kill(getpid(), NUMBER);
	assert_int_equal(n_taken, 4);
	assert_int_equal(p.n_requests, 0);
}

static void
another_users_request_is_not_noted(void **state)
{
	siginfo_t info = {.si_code = SI_QUEUE};

	(void)state;
	info.si_uid = getuid() + 1;
	info.si_value.sival_ptr = (void *)(uintptr_t)value_of(PUBLISHED_ASKS_SNAPSHOT, 5);
	assert_int_equal(publish_note(&info), PUBLISH_NO_REQUEST);
	info.si_uid = getuid();
	assert_int_equal(publish_note(&info), PUBLISH_SNAPSHOT);
	assert_int_equal(p.n_requests, 1);
}

static void
a_request_that_is_sent_twice_is_one(void **state)
{
	(void)state;
	queue(value_of(PUBLISHED_ASKS_SNAPSHOT, 6));
	assert_int_equal(taken, PUBLISH_SNAPSHOT);
	queue(value_of(PUBLISHED_ASKS_SNAPSHOT, 6));
	assert_int_equal(taken, PUBLISH_NO_REQUEST);
	assert_int_equal(p.n_requests, 1);
}

static void
requests_are_answered_by_kind_and_not_before_they_are_taken(void **state)
{
	(void)state;
	queue(value_of(PUBLISHED_ASKS_SNAPSHOT, 7));
	queue(value_of(PUBLISHED_ASKS_LOOK, 8));
	publish_take(PUBLISH_SNAPSHOT);
	queue(value_of(PUBLISHED_ASKS_SNAPSHOT, 9));
	publish_answer(PUBLISH_SNAPSHOT, 0, 3);
	assert_int_equal(requests[0].state, PUBLISHED_ANSWERED);
	assert_int_equal(requests[0].snapshot, 3);
	assert_int_equal(requests[1].state, PUBLISHED_WAITING);
	assert_int_equal(requests[2].state, PUBLISHED_WAITING);
}

static void
a_child_of_fork_has_no_requests_and_no_exec_of_its_parents(void **state)
{
	int status;
	pid_t child;

	(void)state;
	queue(value_of(PUBLISHED_ASKS_SNAPSHOT, 10));
	p.n_in_exec = 1;
	p.asker = 1;
	p.sequence = 7;
	child = fork();
	if (child == 0) {
		publish_after_fork(true);
		_exit(p.pid == getpid() && !p.n_in_exec && !p.asker && p.sequence % 2 == 0 &&
				      !requests[0].state && !p.is_refusing
			      ? 0
			      : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	p.sequence = 8;
}

/* ---- snapshots ---- */

static void
the_child_that_writes_gives_the_result(void **state)
{
	pid_t child;

	(void)state;
	publish_snapshot_begin(1, "x.heap", true);
	child = fork();
	if (child == 0) {
		publish_snapshot_end(1, -ENOSPC);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	assert_int_equal(results[1].state, PUBLISHED_FAILED);
	assert_int_equal(results[1].error, ENOSPC);
	assert_int_equal(snapshots[1].name[0], '/');
	/* What its parent learns later changes nothing. */
	publish_snapshot_end(1, 0);
	assert_int_equal(results[1].state, PUBLISHED_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(exec_that_nobody_asks_does_not_wait, start),
		cmocka_unit_test_setup(exec_takes_a_blocked_signal_that_was_announced,
				       start),
		cmocka_unit_test_setup(exec_waits_for_a_signal_that_is_still_to_be_sent,
				       start),
		cmocka_unit_test_setup(exec_does_not_wait_for_a_tool_that_was_killed, start),
		cmocka_unit_test_setup(exec_does_not_wait_for_ever_for_a_tool_that_hangs,
				       start),
		cmocka_unit_test_setup(
			a_child_that_the_library_does_not_know_leaves_the_count_alone,
			start),
		cmocka_unit_test_setup(what_is_no_request_is_not_noted, start),
		cmocka_unit_test_setup(another_users_request_is_not_noted, start),
		cmocka_unit_test_setup(a_request_that_is_sent_twice_is_one, start),
		cmocka_unit_test_setup(
			requests_are_answered_by_kind_and_not_before_they_are_taken, start),
		cmocka_unit_test_setup(
			a_child_of_fork_has_no_requests_and_no_exec_of_its_parents, start),
		cmocka_unit_test_setup(the_child_that_writes_gives_the_result, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
