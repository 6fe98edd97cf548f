#!/usr/bin/env bash
# git.sh -- git on a repository: log, status, gc.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require git
# The project's own repository; in a tarball, one made of the sources.
repository=$T/repository
export GIT_CONFIG_COUNT=4 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
	GIT_CONFIG_KEY_1=user.name GIT_CONFIG_VALUE_1=Test GIT_CONFIG_KEY_2=user.email GIT_CONFIG_VALUE_2=test@localhost \
	GIT_CONFIG_KEY_3=gc.auto GIT_CONFIG_VALUE_3=0
if ! git clone -q --no-hardlinks "$SOURCES" "$repository" 2>/dev/null; then
	git init -q "$repository"
	n=0
	for file in "$SOURCES"/lib/*.[ch] "$SOURCES"/tests/e2e/*.sh; do
		cp "$file" "$repository"
		git -C "$repository" add -A
		GIT_COMMITTER_DATE="2001-01-01 00:00:$((n % 60))" GIT_AUTHOR_DATE="2001-01-01 00:00:00" \
			git -C "$repository" commit -q -m "$(basename "$file")"
		n=$((n + 1))
	done
fi
cd "$repository" || exit 99
counted log git -C "$repository" log -p --stat
counted blame git -C "$repository" grep -n -c SPDX
echo change >>"$(git ls-files | head -n 1)"
echo new >untracked
same status git -C "$repository" status --short
whole status 1
cp -r "$repository" "$T/second"
may_be_silent=yes same gc git -C "$T/second" gc -q --aggressive --prune=now
whole gc 2
is "gc: the repository is sound after it" "$(git -C "$T/second" fsck --full 2>&1; echo $?)" 0
is "gc: its history is the same" "$(git -C "$T/second" log --format=%H | md5sum)" "$(git log --format=%H | md5sum)"
ok "gc: its child pack-objects left its own file" grep -q . <(heaps gc | while read -r file; do
	info "$file" command | grep pack-objects
done)
done_testing
