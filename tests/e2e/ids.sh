#!/usr/bin/env bash
# ids.sh -- a program that gives up rights is told, when it does, that it cannot write snapshots.
#
# Needs root, who has rights to give up.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/ids"
[ "$(id -u)" = 0 ] || skip_all "this takes root"
chmod 755 "$T"

said() { # NAME: the lines about it, and the target's own between them, by their first words
	sed -n 's/^gcprof.*: cannot write snapshots as user \([0-9]*\).*/said \1/p; /^after/p' "$T/$1.err" | tr '\n' ' '
}

directory() { # NAME MODE: where its snapshots go
	mkdir -m "$2" "$T/$1"
}

# ---- each way that leads to a user who may not write
N=65534
while read -r name steps; do
	directory "$name" 700
	# shellcheck disable=SC2086 # a word per step
	run_plain "$name-alone" "$TARGETS/ids" $steps
	# shellcheck disable=SC2086
	run_gcprof "$name" "$TARGETS/ids" $steps
	is "$name: a message comes when the permission is lost" "$(said "$name")" "said $N after $steps "
	is "$name: result, errno and exit status are those without the library" \
		"$status $(cat "$T/$name.out")" "3 $(cat "$T/$name-alone.out")"
done <<-END
	setuid setuid=$N
	seteuid seteuid=$N
	setreuid setreuid=$N,$N
	setresuid setresuid=$N,$N,$N
END
ok "the line names the directory" grep -q "cannot write snapshots.*'$T/setresuid'" "$T/setresuid.err"

# A group is lost, by a user who may change it.
while read -r name step; do
	directory "$name" 770
	run_gcprof "$name" "$TARGETS/ids" setresgid=$N,0,$N setresuid=$N,$N,$N "$step"
	is "$name: one line says so when the directory's group is given up" \
		"$(said "$name")" "after setresgid=$N,0,$N after setresuid=$N,$N,$N said $N after $step "
done <<-END
	setgid setgid=$N
	setegid setegid=$N
	setregid setregid=$N,$N
	setresgid setresgid=$N,$N,$N
END

# ---- said once, by whose it is
directory again 700
run_gcprof again "$TARGETS/ids" seteuid=$N seteuid=0 setresuid=$N,$N,$N
is "the loss of permission is reported once" "$(said again)" "said $N after seteuid=$N after seteuid=0 after setresuid=$N,$N,$N "
directory child 700
run_gcprof child "$TARGETS/ids" fork:setuid=$N setgid=0
is "a forked child reports its own loss of permission" "$(said child)" "said $N after setuid=$N after setgid=0 "
is "the parent of a child that lost permission writes its snapshot" "$(n_heaps child)" 1
directory vfork 700
run_gcprof vfork "$TARGETS/ids" vfork:setuid
is "a child of vfork, which is to execute another program, reports nothing" "$(said vfork)" "after vfork:setuid "

# ---- nothing to say
silent() { # NAME SENTENCE STEP...
	local name=$1 sentence=$2
	shift 2
	run_gcprof "$name" "$TARGETS/ids" "$@"
	is "$sentence: there are no messages" "$(grep -v '^after' "$T/$name.err")" ""
}
directory writable 777
silent writable "the new user can write there" setresgid=$N,$N,$N setresuid=$N,$N,$N
is "a user who can still write the directory writes a snapshot" "$(n_heaps writable)" 1
directory none 700
GCPROF_SNAPSHOT=none silent none "no snapshot is wanted" setresuid=$N,$N,$N
directory refused 700
run_plain refused-alone setpriv --reuid=$N --clear-groups "$TARGETS/ids" setuid=0 setresuid=0,0,0
directory everybody 777
GCPROF_OUTPUT="$T/everybody/%n.heap" run_gcprof refused setpriv --reuid=$N --clear-groups "$TARGETS/ids" setuid=0 setresuid=0,0,0
is "a call that fails does so as without the library" "$status $(cat "$T/refused.out")" "3 $(cat "$T/refused-alone.out")"

done_testing
