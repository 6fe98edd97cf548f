#!/bin/sh
# includes.sh -- who may include whom; headers that stand alone; licence lines; what is in no list.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$abs_top_srcdir" || exit 1

# includes FILE...: "file name" for each include, with <> or without quotes.
includes() {
	awk '/^[ \t]*#[ \t]*include[ \t]/ {
		name = $0
		sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
		sub(/[ \t]*(\/\*.*)?$/, "", name)
		gsub(/"/, "", name)
		print FILENAME, name
	}' "$@"
}

# only_in PATTERN FILE-PATTERN SENTENCE: includes of a door elsewhere.
only_in() {
	includes lib/*.[ch] tools/*/*.[ch] | grep -E " <($1)>" | grep -vE "^($2) " | no_complaint "$3"
}

plan 16

# Of lib/, tools include these, each for what two worlds share: the file, its reader, the
# installed header, the page that `top` reads, the options and their values, what a process publishes, the
# names of a run, the rules of watches, the thread that stays behind, what is the system's.
shared=' heapfile.h heapfile_read.h gcprof.h live_page.h options.def option_values.h published.h sleeper.h watch_rules.h system_programs.h lib/census.h '

# The rooms of tools/, and which rooms each may include beside itself.
may_include() { # ROOM: the others
	case $1 in
	util) ;;
	model) echo util ;;
	graph | names) echo util model ;;
	explain) echo util model graph names ;;
	detect) echo util model graph names explain ;;
	compare) echo util model graph names explain detect ;;
	report) echo util model graph names explain detect compare ;;
	analyze) echo util model graph names explain detect compare report ;;
	command) echo util ;;
	view) echo util model graph names explain detect compare report analyze command ;;
	top) echo util model names command ;;
	*) return 1 ;;
	esac
}

for room in tools/*/; do
	room=$(basename "$room")
	[ "$room" = html ] || may_include "$room" > /dev/null || echo "tools/$room is no room that tests/lint/includes.sh knows"
done | no_complaint "each folder of tools/ is a room with a place in the order"

includes tools/*/*.[ch] | while read -r file name; do
	room=$(echo "$file" | cut -d/ -f2)
	case $name in '<'* | profile.pb-c.h) continue ;; esac
	case $shared in *" $name "*) continue ;; esac
	# Lists of options: those that gcprof hands on to what it runs.
	case $room/$name in command/analyze/options.def | command/top/options.def | command/view/options.def) continue ;; esac
	[ -f "tools/$name" ] || [ "$name" = html/page.h ] || { echo "$file includes $name"; continue; }
	case " $room $(may_include "$room") " in
	*" ${name%%/*} "*) ;;
	*) echo "$file includes $name, of a later room" ;;
	esac
done | no_complaint "a room of tools/ includes rooms before it, and of lib/ what two worlds share"

# circles FOLDER: of what `includes` says, tsort names the members.  A file is one with its
# header.
circles() {
	while read -r file name; do
		[ -f "$1/$name" ] || continue
		from=${file#"$1"/} from=${from%.[ch]}
		[ "$from" = "${name%.h}" ] || echo "$from ${name%.h}"
	done | { tsort > /dev/null; } 2>&1
}

includes tools/*/*.[ch] | circles tools |
	no_complaint "no files of tools/ include one another in a circle"

# heapfile_decode.h has no file of its own: it is what the two halves of the reader,
# heapfile_read.c and heapfile_records.c, know of one another.
includes lib/*.[ch] lib/*/*.[ch] | grep -v heapfile_decode | circles lib |
	no_complaint "no files of lib/ include one another in a circle"

includes lib/*.[ch] | while read -r file name; do
	case $name in
	'<'*) ;;
	*) [ -f "lib/$name" ] || echo "$file includes $name" ;;
	esac
done | no_complaint "lib/ includes headers of its own only"

includes lib/heapfile.h | grep -vE ' <(stddef|stdint)\.h>$' |
	no_complaint "heapfile.h includes nothing of ours"
includes lib/base.h lib/values.[ch] lib/sys.[ch] lib/mem.[ch] lib/options.[ch] lib/option_values.[ch] |
	grep -vE ' (<.*>|base\.h|sys\.h|mem\.h|options\.h|options\.def|option_values\.h|secure\.h|forking\.h|values\.h|arch\.h|libc_inside\.h)$' |
	no_complaint "base, sys, mem and options know nobody else but values, secure, forking, machine and C library"
includes lib/*.[ch] tools/*/*.[ch] | grep -E ' (\.\./)*tests/' |
	no_complaint "nothing includes tests/"

only_in 'jemalloc/.*' 'lib/backend\.c' "jemalloc has one door, backend.c"
only_in 'libunwind.*' 'lib/verify\.c' "libunwind has one door, verify.c"
only_in 'microhttpd\.h' 'tools/view/server\.c' "libmicrohttpd has one door, view/server.c"
only_in '(elfutils/)?libdw.*|dwarf\.h' 'tools/names/(symbolfiles\.[ch]|module_files\.[ch]|dwarf_(locals|types)\.[ch]|dwarf_names\.c|elf_symbols\.c)' "libdw has one door: names/module_files and symbolfiles, which open files, and the two sources that read them, with their parts"
# The reader and the writer count and check; they do not print.  jemalloc_tls.c runs when the
# library is built.
includes lib/*.c | grep -E ' <(stdio|locale|wchar|regex)\.h>$' |
	grep -vE '^lib/(heapfile_read|jemalloc_tls)\.c ' | no_complaint "no stdio and no locale in the program's process"

for header in lib/*.h lib/arch/*.h tools/*/*.h; do
	"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -iquote lib -iquote tools -x c -fsyntax-only "$header" 2>&1 |
		grep -E 'error' | sed "s|^|$header alone: |"
done | no_complaint "every header compiles by itself"

find . -path ./build-aux -prune -o -path ./m4 -prune -o -path './autom4te.cache' -prune \
	-o -type f \( -name '*.[ch]' -o -name '*.cc' -o -name '*.def' -o -name '*.sh' -o -name '*.awk' \
	-o -name '*.py' -o -name '*.js' -o -name '*.mjs' -o -name '*.css' -o -name '*.am' -o -name '*.mk' -o -name 'configure.ac' \
	-o -name bootstrap -o -name '*.[1-8]' \) -print |
	grep -vE '/config\.h|\.pb-c\.[ch]|/gcprof-[0-9][^/]*/|/_build/|/fetched/' |
	while read -r file; do
		head -n 40 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"
	done | no_complaint "every source has its licence line"

# A test that no list names never runs, and a header that none names is not in the tarball.
for file in lib/*.[ch] lib/*.def lib/arch/*.h tools/*/*.[ch] tools/*/*.def tests/*/*.sh tests/unit/*.[ch]; do
	case $file in */profile.pb-c.[ch]) continue ;; esac
	grep -qwF -e "$file" Makefile.am tests/local.mk tests/*/local.mk || echo "$file"
done | no_complaint "every source and every test is in a list of Makefile.am or tests/"
