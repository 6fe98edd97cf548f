#!/usr/bin/env bash
# epochs.sh -- epochs, survivors, promotion and the 25 % rule, against sums done by hand.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/epochs"
export GCPROF_YOUNG=1M
KIB=1024

# epochs(c) allocates 20 MiB in steps of 1 KiB: 20 epochs of 1 MiB, a few less if
# each is noticed a little late, a few more if the machine is so slow that a
# second passes.
run() { # NAME ARGUMENT...
	local name=$1
	shift
	run_gcprof "$name" "$TARGETS/epochs" 20480 "$@"
	is "$name: ends well" "$status" 0
	file=$(heap "$name")
	records "$file" epoch >"$T/$name.epochs"
	n_epochs=$(awk -F '\t' '{ n += $2 } END { print n + 0 }' "$T/$name.epochs")
	# what lives at the end, by birth epoch
	records "$file" block | awk -F '\t' '$2 == 1024 { n[$5] += $2 } END { for (e in n) print e, n[e] }' >"$T/$name.births"
	now=$(info "$file" epoch)
	cohort_old=$(json "$file" .cohorts.old.bytes)
	cohort_young=$(json "$file" .cohorts.young.bytes)
	promoted=$(awk -F '\t' '{ n += $8 } END { print n + 0 }' "$T/$name.epochs")
}

born_before() { # EPOCH: live bytes in 1 KiB blocks born before it
	awk -v e="$1" '$1 < e { n += $2 } END { print n + 0 }' "$T/$name.births"
}

sums() { # columns of full epochs: each allocated what a semispace holds
	awk -F '\t' -v young=$((1024 * KIB)) '
		{ sum += $5 }
		NR > 1 && last_n == 1 && (last < young || last > 1.25 * young) { print "an epoch of " last " bytes"; bad = 1 }
		{ last = $5; last_n = $2 }
		END {
			if (sum < 20 * young || sum > 20.1 * young) { print "the epochs sum up to " sum; bad = 1 }
			exit bad
		}' "$T/$1.epochs"
}

survived_is() { # NAME SIXTEENTHS: of each full epoch so much was alive at its end
	awk -F '\t' -v part="$2" '
		NR > 1 && n == 1 && (survived < allocated * part / 16 - 20000 || survived > allocated * part / 16 + 20000) {
			print "of " allocated " bytes " survived " survived"; bad = 1
		}
		{ n = $2; allocated = $5; survived = $7 }
		END { exit bad }' "$T/$1.epochs"
}

# 2 of 16 stay: 12.5 % survive, so a block is old after two epochs.
name=low
run low 2
between "20 MiB in epochs of 1 MiB: about twenty" "$n_epochs" 16 25
ok "each epoch of 20 MiB holds a semispace, and together they hold all" sums low
ok "an eighth of each epoch survives it" survived_is low 2
is "no birth epoch is promoted early at 12.5 %" "$(records "$file" birth | awk '$4 % 2 == 1' | wc -l)" 0
between "old blocks are those allocated two epochs ago or earlier" "$cohort_old" "$(born_before $((now - 1)))" \
	$(($(born_before $((now - 1))) + 16 * KIB))
between "all other blocks are young" "$cohort_young" "$((2560 * KIB - $(born_before $((now - 1)))))" \
	$((2560 * KIB - $(born_before $((now - 1))) + 128 * KIB))
between "the two youngest epochs' survivors are young, all others are old" "$cohort_old" \
	$((2560 * KIB - 2 * 180 * KIB)) $((2560 * KIB - 100 * KIB))
between "promoted bytes are the old bytes if nothing old was freed" "$promoted" \
	$((cohort_old - 16 * KIB)) $((cohort_old + 16 * KIB))

# promote=1: old after one epoch.
name=one
GCPROF_PROMOTE=1 run one 2
between "GCPROF_PROMOTE=1: old is what was born an epoch ago or before" "$cohort_old" \
	"$(born_before "$now")" $(($(born_before "$now") + 16 * KIB))
between "GCPROF_PROMOTE=1: only the running epoch is young" "$cohort_old" \
	$((2560 * KIB - 180 * KIB)) $((2560 * KIB + 16 * KIB))

# Both sides of the 25 % rule.
name=below
run below 3
ok "three sixteenths survive" survived_is below 3
is "18.75 % is not more than 25 %: nothing is promoted early" \
	"$(records "$file" birth | awk '$4 % 2 == 1' | wc -l)" 0
between "at 18.75 % blocks are old after two epochs" "$cohort_old" "$(born_before $((now - 1)))" \
	$(($(born_before $((now - 1))) + 16 * KIB))
name=above
run above 5
ok "five sixteenths survive" survived_is above 5
between "31.25 % is more than 25 %: each full epoch is promoted early" \
	"$(records "$file" birth | awk '$4 % 2 == 1 { print $2 }' | sort -u | wc -l)" $((n_epochs - 2)) "$n_epochs"
between "at 31.25 % blocks are old after one epoch" "$cohort_old" "$(born_before "$now")" \
	$(($(born_before "$now") + 16 * KIB))

# Blocks that live for an eighth of an epoch: each epoch has survivors, none of
# which survives a second one.
name=passing
run passing 0 128
between "short lives: about an eighth survives each epoch" \
	"$(awk -F '\t' 'NR > 1 && $2 == 1 { n++; s += $7 } END { print n ? int(s / n) : 0 }' "$T/passing.epochs")" \
	$((90 * KIB)) $((140 * KIB))
between "short lives: nothing is ever promoted" "$promoted" 0 $((16 * KIB))
between "short lives: nothing is old at the end" "$cohort_old" 0 $((16 * KIB))

# The trace: a line per epoch that ended.
name=trace
GCPROF_TRACE=1 run trace 2
lines=$(grep -cE '^gcprof.* ms: epoch [0-9]+' "$T/trace.err")
between "GCPROF_TRACE=1: one line per epoch on stderr" "$lines" $((n_epochs - 1)) "$n_epochs"
name=tofile
GCPROF_TRACE=$T/trace.log run tofile 2
between "GCPROF_TRACE=FILE: the same lines in a file" "$(grep -c 'epoch' "$T/trace.log")" $((n_epochs - 1)) "$n_epochs"
is "GCPROF_TRACE=FILE: nothing on stderr" "$(cat "$T/tofile.err")" ""
before=$(wc -l <"$T/trace.log")
GCPROF_TRACE=$T/trace.log run again 2
between "GCPROF_TRACE=FILE: a second run appends" "$(wc -l <"$T/trace.log")" $((before + 16)) $((before + 25))

# The timeline's figures.
file=$(heap low)
ok "rss, heap_total, heap_used and external stand in each record" \
	awk -F '\t' '$9 == 0 || $10 == 0 || $11 == 0 || $11 > $10 { print; bad = 1 } END { exit bad }' "$T/low.epochs"
ok "heap_used never falls in a program that only keeps more, beyond what an epoch holds" \
	awk -F '\t' '$11 < most - 1200000 { print; bad = 1 } $11 > most { most = $11 } END { exit bad }' "$T/low.epochs"
ok "the times rise" awk -F '\t' '$3 < last { print; bad = 1 } { last = $3 } END { exit bad }' "$T/low.epochs"
done_testing
