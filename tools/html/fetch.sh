#!/bin/sh
# fetch.sh -- fetch the packages of a list into fetched/ beside it.
#
#     tools/html/fetch.sh [LIST]            fetch what is missing
#     tools/html/fetch.sh --check [LIST]    fetch nothing; fails if anything is missing
#
# Without LIST it is `libraries` beside this file, those of the HTML report.  With
# npm, from the registry that it is configured for.  A package whose contents are not
# those that the list tells of is not unpacked.  The version is part of a
# directory's name, so that a changed line fetches anew.
#
# SPDX-License-Identifier: MIT
set -eu

die() { printf 'fetch.sh: %s\n' "$*" >&2; exit 1; }

check=
if [ "${1:-}" = --check ]; then
	check=1
	shift
fi
list=${1:-$(dirname "$0")/libraries}
[ $# -le 1 ] || die "usage: fetch.sh [--check] [LIST]"
[ -r "$list" ] || die "no list: $list"
here=$(cd "$(dirname "$list")" && pwd)
list=$here/${list##*/}

# integrity FILE: as the registry writes it.
integrity() {
	printf 'sha512-%s\n' "$(sha512sum "$1" | cut -d ' ' -f 1 | tr a-f A-F |
		basenc -d --base16 | base64 -w 0)"
}

# is_there NAME VERSION FILE...
is_there() {
	directory=$here/fetched/$1-$2
	shift 2
	for file in "$@"; do
		[ -s "$directory/${file##*/}" ] || return 1
	done
}

# fetch NAME VERSION INTEGRITY FILE...: whole, or not at all.
fetch() {
	name=$1 version=$2 wanted=$3
	shift 3
	echo "fetching $name $version"
	(cd "$work" && npm pack --silent "$name@$version" > packed) ||
		die "npm cannot fetch $name@$version; is its registry to be reached?"
	tarball=$work/$(tail -n 1 "$work/packed")
	found=$(integrity "$tarball")
	[ "$found" = "$wanted" ] ||
		die "$name@$version is not what $list tells of: $found instead of $wanted"
	mkdir "$work/$name"
	tar -x -z -f "$tarball" -C "$work/$name"
	mkdir "$work/files"
	for file in "$@"; do
		cp "$work/$name/package/$file" "$work/files/" || die "$name@$version has no $file"
	done
	chmod -R u=rwX,go=rX "$work/files"
	mkdir -p "$here/fetched"
	rm -rf "$here/fetched/$name-"[0-9]*
	mv "$work/files" "$here/fetched/$name-$version"
}

work=
while read -r name version integrity files; do
	case $name in '' | '#'*) continue ;; esac
	# shellcheck disable=SC2086 # one word per file
	if is_there "$name" "$version" $files; then
		continue
	fi
	[ -z "$check" ] || die "$name $version is not there; tools/html/fetch.sh fetches it, with npm"
	command -v npm > /dev/null || die "npm is not installed, and $name $version is needed"
	if [ -z "$work" ]; then
		work=$(mktemp -d)
		trap 'rm -rf "$work"' EXIT
	fi
	# shellcheck disable=SC2086 # one word per file
	fetch "$name" "$version" "$integrity" $files < /dev/null
done < "$list"
