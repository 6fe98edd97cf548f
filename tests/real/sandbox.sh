#!/usr/bin/env bash
# sandbox.sh -- file(1), and a program of libseccomp's, which shut themselves in by filters
# that kill.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require file gzip gcc
echo '#include <seccomp.h>' | gcc -E - >/dev/null 2>&1 || skip_all "libseccomp's header is not installed"
printf 'int main(void) { return 0; }\n' >"$T/one.c"
gzip -c "$T/one.c" >"$T/one.gz"

as_alone() { # NAME OPTIONS ARGUMENT...
	local name=$1 options=$2 alone
	shift 2
	run_plain "$name-alone" file "$@"
	alone=$status
	# shellcheck disable=SC2086 # a word per option
	run_gcprof "$name" env GCPROF_YOUNG=256K $options file "$@"
	is "file $*, with $options: output and status are those of file alone" \
		"$status $(md5sum <"$T/$name.out")" "$alone $(md5sum <"$T/$name-alone.out")"
	is "file $*, with $options: nothing is said of the sandbox or of its end" "$(cat "$T/$name.err")" "$(cat "$T/$name-alone.err")"
}
as_alone plain GCPROF_SNAPSHOT=none "$T/one.c" "$LIB" "$T/one.gz" /
as_alone exit GCPROF_SNAPSHOT=exit,fatal "$T/one.c" "$LIB" "$T/one.gz" /
is "what it does in its sandbox allows a snapshot at exit, which can be read" \
	"$(for f in $(heaps exit | grep /file\\.); do valid "$f" && echo yes; done)" yes
as_alone packed GCPROF_SNAPSHOT=exit -z "$T/one.gz"
as_alone interval GCPROF_SNAPSHOT=exit,interval=20ms "$T/one.c" "$LIB"

# Allow-lists as of OpenSSH's process before authentication, of file(1), and one with what a
# snapshot takes, all by libseccomp and with KILL_PROCESS for what is not in them.
cat >"$T/listed.c" <<'END'
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const lists[][40] = {
	{"preauth", "brk", "clock_gettime", "close", "exit", "exit_group", "futex", "getpgid", "getpid",
	 "getrandom", "getuid", "madvise", "mmap", "mprotect", "mremap", "munmap", "newfstatat", "poll",
	 "ppoll", "read", "rt_sigprocmask", "shutdown", "write", "writev"},
	{"file", "access", "brk", "close", "dup2", "exit", "exit_group", "fcntl", "fstat", "futex",
	 "getdents64", "ioctl", "lseek", "madvise", "mmap", "mprotect", "mremap", "munmap", "newfstatat",
	 "openat", "pread64", "read", "readlink", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	 "select", "stat", "sysinfo", "umask", "unlink", "write", "writev"},
	{"enough", "brk", "clone", "close", "exit_group", "fcntl", "fstat", "madvise", "mmap", "mremap",
	 "munmap", "newfstatat", "openat", "poll", "pwrite64", "read", "rename", "rt_sigaction",
	 "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "wait4", "write"},
};
char *kept[50];

int
main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = 0, i, j;

	(void)argc;
	for (i = 0; i < 3; i++)
		for (j = 1; strcmp(lists[i][0], argv[1]) == 0 && j < 40 && lists[i][j]; j++)
			err |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(lists[i][j]), 0);
	puts("begun");
	fflush(stdout);
	if (err || seccomp_load(ctx) != 0)
		return 98;
	seccomp_release(ctx);
	for (i = 0; i < 50; i++) {
		free(malloc(3 << 20));
		kept[i] = malloc((size_t)i * 1000);
	}
	puts("worked");
	return 7;
}
END
gcc -O1 -o "$T/listed" "$T/listed.c" -lseccomp || diag "no libseccomp"
for list in preauth file enough; do
	for options in none exit,fatal,signal exit,interval=20ms; do
		run_plain alone "$T/listed" "$list"
		GCPROF_YOUNG=256K GCPROF_SNAPSHOT=$options run_gcprof "$list-$options" "$T/listed" "$list"
		is "libseccomp's filter that allows $list, with $options: the end is that of the program alone" \
			"$status $(cat "$T/$list-$options.out")" "7 $(cat "$T/alone.out")" || diag_file "$T/$list-$options.err"
	done
done
listed() { # LIST: snapshots at exit that can be read, and lines
	local name=$1-exit,fatal,signal
	echo "$(for f in $(heaps "$name"); do valid "$f" && echo yes; done | wc -l) $(wc -l <"$T/$name.err")"
}
is "a sandbox that allows what a snapshot takes: there is one, without messages" "$(listed enough)" "1 0"
is "a sandbox that allows no files: no snapshot, and no message" "$(listed preauth)" "0 0"
is "a sandbox that forbids rename: no snapshot, and no message" "$(listed file)" "0 0"
done_testing
