#!/bin/sh
# seams.sh -- what is about the machine or the inside of the C library stands behind one door
# each: lib/arch/ and lib/libc_inside.h, or in a file that lib/arch/README names.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$abs_top_srcdir" || exit 1

# named SECTION: files of lib/ that the section names, one a line.
named() {
	awk -v section="$1" '$0 == section { in_it = 1; next }
		/^[^ ].*/ && in_it && /^(A machine|A C library)$/ { exit }
		in_it && match($0, /^   lib\/[a-z_*.]+/) { print substr($0, RSTART + 3, RLENGTH - 3) }' lib/arch/README
}

# code FILE...: "file:line: text" of all lines, without comments and texts.
code() {
	for file; do
		awk -v file="$file" '{
			text = $0
			out = ""
			while (text != "") {
				if (inside) {
					end = index(text, "*/")
					if (!end) { text = ""; break }
					text = substr(text, end + 2)
					inside = 0
				} else {
					start = index(text, "/*")
					if (!start) { out = out text; break }
					out = out substr(text, 1, start - 1)
					text = substr(text, start + 2)
					inside = 1
				}
			}
			if (out ~ /[^ \t]/) print file ":" NR ": " out
		}' "$file"
	done
}

plan 7

machine=$(named "A machine")
library=$(named "A C library")

# not_in LIST: lines of code that are of no file in the list.
not_in() {
	grep -vE "^($(echo "$1" | sed 's/\./\\./g' | paste -sd'|')):"
}

for file in $machine $library; do
	[ -f "$file" ] || echo "lib/arch/README names $file, which is not there"
done | no_complaint "the files that lib/arch/README names are there"

for list in "$machine" "$library"; do
	[ -n "$list" ] || echo "lib/arch/README names no files"
done | no_complaint "lib/arch/README names files for a machine, and for a C library"

# A label for a name, as in `int f(void) __asm__("name");`, is no assembly.
code lib/*.[ch] | grep -E '\<(__)?asm(__)?\>|__builtin_ia32_|\<u?int128' |
	grep -vE '__asm__\("[A-Za-z_]+"\)' | not_in "$machine" |
	no_complaint "assembly stands in lib/arch/, or in a file that its README names"

code lib/*.[ch] | grep -E '\<REG_R[A-Z0-9]+\>|\<gregs\>|__x86_64__|\<fpregs\>' |
	not_in "lib/arch.h
$machine" | no_complaint "registers of a signal frame stand in lib/arch/, or in a file that its README names"

# 4096 may be the number of something else, if that has a name of its own.
code lib/*.[ch] | sed 's/"[^"]*"//g' | grep -E '\<(4095|0xfff|4096)\>' |
	grep -vE '\<[A-Z][A-Z_]* = 4096\>' | not_in "$machine" |
	no_complaint "the page size is ARCH_PAGE, and other numbers of 4096 have names"
code lib/*.[ch] | grep -E '\<[A-Z_]*PAGE[A-Z_]* = 4096\>' | grep -vE '\<(PUBLISHED_PAGE|LIVE_PAGE_BYTES) = ' |
	no_complaint "there is no second page size but in layouts that others read"

code lib/*.[ch] | grep -E '__libc_stack_end|_thread_db_|_rtld_global|\<_r_debug\>|_dl_[a-z]+|3ull << 31' |
	not_in "lib/libc_inside.h
lib/libc_glibc.c
$library" | no_complaint "what the C library keeps for itself stands in libc_inside.h and libc_glibc.c"
