#!/bin/sh
# jemalloc.sh -- make one object with private names out of libjemalloc_pic.a.
#
# Stands where libtool expects a compiler, so that the result is a libtool
# object like any other:
#
#     jemalloc.sh ARCHIVE SYMS LD OBJCOPY AR CC TLS [flags] -c SOURCE [flags] -o OUTPUT
#
# TLS is the program made of jemalloc_tls.c, which takes jemalloc's data of each
# thread out of the static TLS; if it refuses this jemalloc, it stays there.
#
# Flags are of the compiler and are ignored; SOURCE is SYMS once more.
# jemalloc_cpp (operator new and delete) stays out: operators.c has these.
#
# SPDX-License-Identifier: MIT
set -e

archive=$1 syms=$2 ld=$3 objcopy=$4 ar=$5 cc=$6 tls=$7
shift 7
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
if "$tls" "$work/all" "$work/stubs.s" "$work/options"; then
	$objcopy --redefine-syms="$work/syms" "@$work/options" "$work/all" "$work/renamed"
else
	echo "jemalloc.sh: warning: jemalloc's static TLS stays: libgcprof.so needs 2.6 KiB of it," \
		"and threads that cannot get memory when they start may crash" >&2
	cat > "$work/stubs.s" <<-\END
		.section .rodata
		.globl gcprof_tsd_image, gcprof_tsd_image_end
		.hidden gcprof_tsd_image, gcprof_tsd_image_end
		gcprof_tsd_image: gcprof_tsd_image_end: .quad 0
		.section .note.GNU-stack,"",@progbits
	END
	$objcopy --redefine-syms="$work/syms" --remove-section .init_array "$work/all" "$work/renamed"
fi
$cc -c -o "$work/stubs.o" "$work/stubs.s"
$ld -r -o "$output" "$work/renamed" "$work/stubs.o"
