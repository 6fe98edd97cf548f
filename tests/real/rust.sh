#!/usr/bin/env bash
# rust.sh -- Rust with panic=abort, where the function main has no call frame information.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require rustc
cat >"$T/prog.rs" <<'END'
#[inline(never)]
fn lose(n: usize) {
    for i in 0..n {
        let mut v: Vec<u8> = Vec::with_capacity(1000 + n);
        v.push(i as u8);
        println!("{:p}", v.as_ptr());
        std::mem::forget(v);
    }
}

fn main() {
    lose(50);
}
END
rustc -O -g -C panic=abort -o "$T/prog" "$T/prog.rs" 2>"$T/rustc.err" || diag_file "$T/rustc.err"
run_gcprof rust "$T/prog"
is "a Rust program with panic=abort ends as alone" "$status $(wc -l <"$T/rust.out")" "0 50"
is "no stack of the Rust program is marked as broken" \
	"$("$HEAPDUMP" --stacks "$(heap rust)" | grep -c 'special:4')" 0
"$ANALYZE" --frames=60 "$(heap rust)" >"$T/report"
is "the leak of the Rust program is allocated in its function, called from main" \
	"$(grep -oE -m 2 "^ +(prog::lose|main) " "$T/report" | xargs)" "prog::lose main"
status=0
"$RUN" check "$T/prog" >"$T/check.out" 2>"$T/check.err" || status=$?
is "gcprof check finds that" "$status" 23
done_testing
