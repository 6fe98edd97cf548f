#!/bin/sh
# page.sh -- put the HTML report's page together: all but the data.
#
#     page.sh DIRECTORY OUTPUT       DIRECTORY is that of this file
#
# In:   report.html with its @MARKS@, our styles and scripts, the libraries.
# Out:  one file; @POLICY@ at the end of the policy and @DATA@ are left in it, for
#       report/html.c.
#
# Only the script with the sum named in the page's policy may run there, and
# nothing may be loaded: a name that got out of the data would do no harm.
#
# SPDX-License-Identifier: MIT
set -eu

die() { printf 'page.sh: %s\n' "$*" >&2; exit 1; }

[ $# -eq 2 ] || die "two arguments wanted: directory, output"
source=$1 output=$2
fetched=$source/fetched
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One namespace, in this order.
scripts='base.js table.js charts.js interval.js findings.js retained.js memory.js flame.js sites.js types.js diff.js merge.js view.js start.js'

# version LIBRARY: as `libraries` has it.
version() { awk -v name="$1" '$1 == name { print $2 }' "$source/libraries"; }

# library NAME FILE: with its licence before it.
library() {
	directory=$fetched/$1-$(version "$1")
	echo "/* $1 $(version "$1")"
	sed 's|\*/|* /|g; s|[[:space:]]*$||' "$directory/LICENSE"
	echo "*/"
	# A sourceMappingURL would be asked for.
	sed '/^\/\/# sourceMappingURL=/d' "$directory/$2"
	echo
}

{
	library uplot uPlot.min.css
	library d3-flame-graph d3-flamegraph.css
	cat "$source/style.css"
} | tr -d '\r' > "$work/styles"

{
	echo
	library uplot uPlot.iife.min.js
	library d3 d3.min.js
	library d3-flame-graph d3-flamegraph.umd.min.js
	echo '"use strict";'
	echo '{'
	for script in $scripts; do
		cat "$source/$script"
	done
	echo '}'
} | tr -d '\r' > "$work/scripts" # as a browser reads it, for the sum

# Either would end the element too early, or begin a comment in it.
if grep -q -i -E '</(script|style)|<!--|@DATA@|@POLICY@' "$work/scripts" "$work/styles"; then
	die "this cannot stand inside of a page"
fi
[ "$(grep -c '@DATA@' "$source/report.html")" = 1 ] || die "report.html needs one @DATA@"

sum=$(sha256sum "$work/scripts" | cut -d ' ' -f 1 | tr a-f A-F | basenc -d --base16 | base64 -w 0)
policy="default-src 'none'; script-src 'sha256-$sum'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'@POLICY@"

while IFS= read -r line; do
	case $line in
	*@POLICY@*) printf '%s\n' "${line%%@POLICY@*}$policy${line#*@POLICY@}" ;;
	*@STYLES@*) cat "$work/styles" ;;
	*@SCRIPTS@*)
		printf '%s' "${line%%@SCRIPTS@*}"
		cat "$work/scripts"
		printf '%s\n' "${line#*@SCRIPTS@}"
		;;
	*) printf '%s\n' "$line" ;;
	esac
done < "$source/report.html" > "$work/page"
mv "$work/page" "$output"
