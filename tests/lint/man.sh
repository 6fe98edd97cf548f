#!/bin/sh
# man.sh -- manual pages are clean, and name every option there is.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$abs_top_srcdir" || exit 1
command -v groff > /dev/null || skip_all "groff is not installed"

# A page as plain words, without hyphenation and font changes.
plain() {
	groff -t -man -Tascii -rHY=0 -P-cbou "$1" 2> /dev/null | tr -s ' \n' ' '
}

# NAME long-option, one line each.
options() { sed -n 's/^OPTION(\([A-Z_]*\), "\([a-z-]*\)",.*/\1 \2/p' lib/options.def; }

# headings PAGE WANTED...: which are missing
headings() {
	page=$1
	shift
	for heading in "$@"; do
		grep -qx "\.SH $heading" "$page" || echo "$page has no $heading"
	done
}

plan 12
for page in man/*.[1-8]; do
	groff -t -man -ww -z -Tutf8 "$page" 2>&1
done | no_complaint "groff has no complaint about any page"

for page in man/*.[1-8]; do
	headings "$page" NAME DESCRIPTION EXAMPLES LIMITATIONS '"\?SEE ALSO"\?'
	head -n 4 "$page" | grep -q 'SPDX-License-Identifier: MIT' || echo "$page has no licence line"
done | no_complaint "every page has the sections that belong to it"

{
	headings man/gcprof.1 SYNOPSIS OPTIONS ENVIRONMENT FILES 'EXIT STATUS'
	headings man/gcprof-analyze.1 SYNOPSIS OPTIONS ENVIRONMENT FILES 'EXIT STATUS'
	headings man/gcprof.3 SYNOPSIS 'THREAD AND SIGNAL SAFETY'
	headings man/gcprof.7 ENVIRONMENT FILES
} | no_complaint "commands have options, environment, files and exit status"

one=$(plain man/gcprof.1)
seven=$(plain man/gcprof.7)
options | while read -r name long; do
	case $seven in *"GCPROF_$name "*) ;; *) echo "gcprof.7 lacks GCPROF_$name" ;; esac
	case $one in *"--$long"*"(GCPROF_$name)"*) ;; *) echo "gcprof.1 lacks --$long (GCPROF_$name)" ;; esac
done | no_complaint "gcprof.7 names every variable and gcprof.1 every option of options.def"

[ -n "$(options)" ] || echo "no option found in options.def"
# Of the commands, and for commands that watches run: they are no options.
for variable in $(printf '%s' "$seven $one" | grep -oE 'GCPROF_[A-Z]+(_[A-Z]+)*' | grep -vxE 'GCPROF_ANALYZE|GCPROF_RUN|GCPROF_WATCH_(PID|RULE|FILE|COUNT|BYTES)' | sort -u); do
	options | grep -q "^${variable#GCPROF_} " || echo "$variable is described, but there is no such option"
done | no_complaint "no manual page describes a variable that does not exist"

analyze=${GCPROF_ANALYZE:-$abs_top_builddir/tools/gcprof-analyze}
command=${GCPROF_CMD:-$abs_top_builddir/tools/gcprof}
analyze_page=$(plain man/gcprof-analyze.1)
{
	"$analyze" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u | while read -r option; do
		case $analyze_page in *"$option"*) ;; *) echo "gcprof-analyze.1 lacks $option" ;; esac
	done
	for one_of_them in run check snapshot top view; do "$command" $one_of_them --help; done |
		grep -oE -- '--[a-z][a-z-]+' | sort -u | while read -r option; do
		case $one in *"$option"*) ;; *) echo "gcprof.1 lacks $option" ;; esac
	done
	printf '%s' "$analyze_page" | grep -oE -- '--[a-z][a-z-]+' | sort -u | while read -r option; do
		"$analyze" --help | grep -qe "$option" || echo "gcprof-analyze --help lacks $option"
	done
} | no_complaint "--help and manual pages have the same options"

# "group --option", one line each: of options.def, and of the page's OPTIONS.
groups_of_table() {
	awk -F'"' '/^ANALYZE_GROUP/ { group = $2; sub(/,.*/, "", group) }
		/^ANALYZE_OPTION/ { print group, "--" $2 }' tools/analyze/options.def | sort
}
groups_of_page() {
	sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' man/gcprof-analyze.1 | sed 's/\\-/-/g' | awk '
		/^\.SS/ { sub(/^\.SS "?/, ""); sub(/"$/, ""); group = $0 }
		is_tag { while (match($0, /--[a-z][a-z-]*/)) { print group, substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH) } }
		{ is_tag = /^\.TP/ || (is_tag && /\\c$/) }' | sort
}
{
	table=$(mktemp) || echo "no temporary file"
	groups_of_table > "$table"
	[ -s "$table" ] || echo "no option found in tools/analyze/options.def"
	groups_of_page | diff "$table" - | sed -n 's/^</gcprof-analyze(1) lacks, in that group:/p; s/^>/gcprof-analyze(1) alone has:/p'
	rm -f "$table"
} | no_complaint "gcprof-analyze(1) has the options of options.def in the same groups"

formats_of_page=${analyze_page#*--format=}
formats_of_page=${formats_of_page%%--color*}
{
	sed -n 's/^FORMAT("\([a-z-]*\)".*/\1/p' tools/report/formats.def | while read -r format; do
		case $formats_of_page in *" $format "* | *" $format,"* | *" $format."*) ;; *) echo "gcprof-analyze.1 lacks $format" ;; esac
	done
} | no_complaint "gcprof-analyze(1) has every format of formats.def below --format"

# kind verdict, one line each.
kinds() {
	tr '\n\t' '  ' < tools/detect/kinds.def | grep -oE 'FINDING_KIND\([A-Z_]+, "[^"]+", "[^"]+"' |
		sed 's/.*(.*, "\(.*\)", "\(.*\)"/\1 \2/'
}
verdicts=${seven#*VERDICTS}
{
	[ -n "$(kinds)" ] || echo "no kind is found in kinds.def"
	kinds | while read -r kind verdict; do
		case $verdicts in *"$kind"*) ;; *) echo "gcprof.7 lacks $kind" ;; esac
		case $verdicts in *"$verdict"*) ;; *) echo "gcprof.7 lacks $kind, $verdict" ;; esac
	done
} | no_complaint "gcprof.7 has every kind of finding and every verdict of kinds.def"

# Of the page, SYNOPSIS only.
synopsis=${one#*SYNOPSIS}
synopsis=${synopsis%%DESCRIPTION*}
commands() { sed -n 's/^COMMAND(\([a-z]*\),.*/\1/p' tools/command/commands.def; }
{
	[ -n "$(commands)" ] || echo "no command is found in commands.def"
	commands | while read -r name; do
		case $synopsis in *"gcprof $name "*) ;; *) echo "gcprof.1 lacks gcprof $name" ;; esac
	done
} | no_complaint "gcprof.1 has every command of commands.def in its synopsis"

options | while read -r name _; do
	grep -q "^    GCPROF_$name " README || echo "README lacks GCPROF_$name"
done | no_complaint "README names every variable of options.def"

# Without the prefix: the page's headings have the names of the reader's table.
sections() { sed -n 's/^\t\[HEAPFILE_[A-Z_]*\] = {"\([A-Z_]*\)",.*/\1/p' lib/heapfile_read.c; }
{
	[ -n "$(sections)" ] || echo "no section is found in heapfile_read.c"
	sections | while read -r name; do
		grep -qw "$name" man/gcprof-heap.5 || echo "gcprof-heap.5 lacks $name"
	done
} | no_complaint "gcprof-heap.5 has every section that the reader knows"
