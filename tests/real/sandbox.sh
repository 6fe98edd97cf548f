#!/usr/bin/env bash
# sandbox.sh -- file(1), which shuts itself in by a seccomp filter that kills.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require file gzip
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
done_testing
