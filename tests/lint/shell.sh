#!/bin/sh
# shell.sh -- shellcheck has no complaint about any script.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$abs_top_srcdir" || exit 1
command -v shellcheck > /dev/null || skip_all "shellcheck is not installed"

plan 1
{
	find lib tests tools -name '*.sh' -print
	ls bootstrap .ci/run "$abs_top_builddir"/completion/gcprof "$abs_top_builddir"/completion/gcprof-analyze
} | sort | xargs shellcheck -x -P . -f gcc 2>&1 | no_complaint "shellcheck is content"
