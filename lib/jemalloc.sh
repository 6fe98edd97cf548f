#!/bin/sh
# jemalloc.sh -- make one object with private names out of libjemalloc_pic.a.
#
# Stands where libtool expects a compiler, so that the result is a libtool
# object like any other:
#
#     jemalloc.sh ARCHIVE SYMS LD OBJCOPY AR [flags] -c SOURCE [flags] -o OUTPUT
#
# Flags are of the compiler and are ignored; SOURCE is SYMS once more.
# jemalloc_cpp (operator new and delete) stays out: operators.c has these.
#
# SPDX-License-Identifier: MIT
set -e

archive=$1 syms=$2 ld=$3 objcopy=$4 ar=$5
shift 5
output=
while [ $# -gt 0 ]; do
	case $1 in
	-o) output=$2; shift ;;
	esac
	shift
done
[ -n "$output" ] || { echo "jemalloc.sh: no -o" >&2; exit 1; }

case $archive in
/*) ;;
*) archive=$(pwd)/$archive ;;
esac

work=$output.d
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

(cd "$work" && $ar x "$archive" && rm -f jemalloc_cpp.*)
set -- "$work"/*.o
[ -f "$1" ] || { echo "jemalloc.sh: nothing in $archive" >&2; exit 1; }
$ld -r -o "$work/all" "$@"
# objcopy stumbles over comments and empty lines.
sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$syms" > "$work/syms"
$objcopy --redefine-syms="$work/syms" "$work/all" "$output"
