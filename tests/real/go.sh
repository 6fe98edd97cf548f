#!/usr/bin/env bash
# go.sh -- a Go program that calls C: its end, which no function of libc's sees; its stacks.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require go gcc
mkdir "$T/src"
cat >"$T/src/main.go" <<'END'
package main

/*
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *volatile kept;

__attribute__((noinline)) void *
c_makes(size_t n)
{
	char *p = malloc(n);

	memset(p, 1, n);
	return p;
}

__attribute__((noinline)) void
c_loses(int n)
{
	for (; n > 0; n--)
		(void)c_makes(1000);
}
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

//go:noinline
func lose(n int) {
	C.c_loses(C.int(n))
}

// Names of the processes that this one has made, and what they have open.
func children() {
	files, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, pid := range strings.Fields(string(text)) {
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			open, _ := filepath.Glob("/proc/" + pid + "/fd/*")
			fmt.Println("child", strings.TrimSpace(string(name)), len(open))
		}
	}
}

func main() {
	how := os.Args[1]
	lose(50)
	C.kept = (*C.char)(C.malloc(77777))
	for i := 0; i < 100; i++ {
		C.free(C.c_makes(16))
	}
	switch how {
	case "exit":
		os.Exit(3)
	case "libc":
		C.exit(4)
	case "exec":
		fmt.Println(syscall.Exec("/bin/sleep", []string{"sleep", "0.1"}, os.Environ()))
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "children":
		children()
		_, err := syscall.Wait4(-1, nil, 0, nil)
		fmt.Println(err)
	}
	fmt.Println("done")
}
END
(cd "$T/src" && HOME=$T GOCACHE=$T/cache GO111MODULE=off GOFLAGS='' CGO_ENABLED=1 go build -o "$T/prog" main.go) >"$T/go.err" 2>&1 ||
	diag_file "$T/go.err"
chmod -R u+w "$T/cache"
n_heaps_of() { # NAME N: so many snapshots, and nothing unfinished
	[ "$(n_heaps "$1")" = "$2" ] && [ -z "$(leftovers "$1")" ]
}

status=0
"$RUN" check --frames=30 --library-frames "$T/prog" main >"$T/check.out" 2>"$T/check.err" || status=$?
is "gcprof check finds what C code lost that Go called" "$status $(cat "$T/check.out")" "23 done"
is "the stack of the leak names the functions of C, and those of Go that called them, to the first" \
	"$(grep -oE -m 7 '^ +(c_makes|c_loses|runtime.cgocall|main.lose|main.main|runtime.main|runtime.goexit)' "$T/check.err" | xargs)" \
	"c_makes c_loses runtime.cgocall main.lose main.main runtime.main runtime.goexit"
status=0
"$RUN" check "$T/prog" exit >"$T/check.out" 2>"$T/check.err" || status=$?
is "a status of its own is the program's" "$status" 3
ok "what was lost is reported beside the program's own status" grep -q 'definitely lost' "$T/check.err"

for how in main exit libc killed; do
	run_gcprof "$how" "$T/prog" "$how"
	is "$how: no message says that a Go program handles all signals" "$(cat "$T/$how.err")" ""
	is "$how: the Go program ends as alone" "$status" "$(case $how in main) echo 0 ;; exit) echo 3 ;; libc) echo 4 ;; *) echo 137 ;; esac)"
	ok "$how: there is one snapshot, and nothing else" eventually n_heaps_of "$how" 1
	ok "$how: the snapshot can be read" valid "$(heap "$how")"
	is "$how: the snapshot has pid, program and reason" \
		"$(summary "$(heap "$how")" '.process | [.pid, .executable, .snapshot_reason] | join(" ")')" \
		"$(heap "$how" | sed 's/.*prog\.\([0-9]*\)\..*/\1/') $T/prog exit"
done

run_gcprof exec "$T/prog" exec
is "a Go program that becomes another one ends as that" "$status $(cat "$T/exec.out")" "0 "
is "a Go program that becomes another one leaves the other's snapshot only" "$(heaps exec | sed 's/.*\///; s/\..*//' | xargs)" sleep

run_gcprof children "$T/prog" children
is "the library's child of a Go program holds none of its descriptors, and is invisible to wait" \
	"$(xargs <"$T/children.out")" "child gcprof-end 1 no child processes done"
GCPROF_SNAPSHOT=signal run_gcprof none "$T/prog" children
is "a Go program has no child of the library where no snapshot at exit is wanted" "$(xargs <"$T/none.out")" "no child processes done"
done_testing
