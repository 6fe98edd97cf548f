#!/bin/sh
# format.sh -- the C code is as clang-format leaves it (.clang-format).
#
# Versions of clang-format differ in what they write: only the one that the code was
# formatted with is asked.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/tap.sh"

version=14

cd "$abs_top_srcdir" || exit 1
format=$(command -v clang-format-$version || command -v clang-format) || skip_all "clang-format is not installed"
case $("$format" --version) in
*" version $version."*) ;;
*) echo "1..0 # SKIP clang-format is not version $version"; exit 0 ;;
esac

plan 1
find lib tools tests/unit -name '*.[ch]' ! -name '*.pb-c.[ch]' ! -path 'tools/html/*' | sort |
	xargs "$format" --dry-run --Werror 2>&1 | grep 'error:' |
	no_complaint "the C code is formatted: clang-format -i FILE"
