#!/usr/bin/env bash
# books.sh -- when the blocks of a site died, and in what order: the file against
# the program's own account.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/books"

site_of_planted() { # FILE: the site whose innermost function is planted()
	local site
	while read -r site; do
		if [ "$(function_of "$1" "$site")" = planted ]; then
			echo "$site"
			return
		fi
	done < <(records "$1" site | awk -F '\t' '$6 >= 1000 { print $1 }')
}

# Live blocks at the end of each period, by the books' rule, beside what the
# program says of that moment.  Prints each period that is off by more than a
# look at the clock allows (the tolerance, in allocations), and how many agree.
history() { # FILE TRUTH SITE TOLERANCE
	awk -F '\t' -v site="$3" -v tolerance="$4" '
		FILENAME == ARGV[1] {
			split($0, w, " ")
			if (w[1] == "live") { at[n] = w[2]; live[n++] = w[3]; last = w[2] }
			next
		}
		$1 == "birth-period" { period[$2] = $3 }
		$1 == "block" && $8 == site { births[$9]++ }
		$1 == "period" { allocations[$2] = $4; n_periods = $2 + 1 }
		$1 == "book-period" && $2 == site { delta[$3] += $4 - $6 }
		END {
			for (b in births)
				delta[period[b]] += births[b]
			before = allocations[n_periods - 1] - last # of the start-up
			for (p = 0; p < n_periods; p++) {
				sum += delta[p]
				while (k + 1 < n && at[k + 1] + before <= allocations[p] - tolerance)
					k++
				least = most = live[k]
				for (i = k; i < n && at[i] + before <= allocations[p] + tolerance + 400; i++) {
					if (live[i] < least) least = live[i]
					if (live[i] > most) most = live[i]
				}
				if (allocations[p] < before)
					least = 0
				if (sum < least - tolerance || sum > most + tolerance)
					print "period " p ": " sum " blocks, the program says " least " to " most
				else
					n_right++
			}
			print n_right, n_periods
		}' "$2" "$(dump "$1")"
}

of_book() { # FILE SITE FIELD: deaths 4, later 5, earlier 6, same 7, foreign 8
	records "$1" book | awk -F '\t' -v site="$2" -v f="$3" '$1 == site { print $(f - 1) }'
}

n=40000
for how in fifo lifo hoard churn foreign; do
	run_gcprof "$how" "$TARGETS/books" "$how" $n
	file=$(heap "$how")
	site=$(site_of_planted "$file")
	is "$how: the program ends well, and nothing was lost" "$status $(valid "$file" && echo valid)" "0 valid"
	got=$(history "$file" "$T/$how.truth" "$site" 700)
	periods=$(records "$file" period | wc -l)
	between "$how: the life of the process has 16 to 32 periods" "$periods" 16 32
	# What dies within its period is no survivor: up to a period's worth is missed.
	is "$how: each period's end has as many live blocks as the program counts" "$got" "$periods $periods"
done

in_order() { # FILE SITE: per cent of deaths that were not in order of birth
	echo $(($(of_book "$1" "$2" 6) * 100 / $(of_book "$1" "$2" 4)))
}
file=$(heap fifo)
site=$(site_of_planted "$file")
between "fifo: nearly all deaths are booked" "$(of_book "$file" "$site" 4)" $((n * 7 / 8 - 10)) $((n * 7 / 8))
is "fifo: none is of a block born before the one that died before" "$(of_book "$file" "$site" 6)" 0
is "fifo: none by another thread" "$(of_book "$file" "$site" 8)" 0
free_site=$(of_book "$file" "$site" 3)
is "fifo: it is known where they are freed" "$(function_of "$file" "$free_site")" bury
file=$(heap lifo)
site=$(site_of_planted "$file")
between "lifo: deaths go backwards" "$(of_book "$file" "$site" 6)" 20 1000000
file=$(heap hoard)
is "hoard: no deaths, no book" "$(of_book "$file" "$(site_of_planted "$file")" 4)" ""
file=$(heap churn)
site=$(site_of_planted "$file")
between "churn: what dies at once is no survivor" "$(($(of_book "$file" "$site" 4) + 0))" 0 200
is "churn: but it is known where it is freed" "$(function_of "$file" "$(of_book "$file" "$site" 3)")" bury
file=$(heap foreign)
site=$(site_of_planted "$file")
is "foreign: all deaths are at another thread's hands" "$(of_book "$file" "$site" 8)" "$(of_book "$file" "$site" 4)"
is "foreign: in order of birth" "$(in_order "$file" "$site")" 0

run_gcprof late "$TARGETS/books" late 1100
file=$(heap late)
site=$(site_of_planted "$file")
between "late: who frees after another thread has ended the epoch frees survivors" \
	"$(($(of_book "$file" "$site" 4) + 0))" 1097 1100
is "late: none by another thread" "$(of_book "$file" "$site" 8)" 0

ages() { # FILE: deaths by age add up to all deaths, for each book
	records "$1" book | awk -F '\t' '{ sum = 0; for (i = 9; i <= NF; i++) sum += $i; if (sum != $3) bad++ } END { print (NR > 0), bad + 0 }'
}
is "ages at death add up to the deaths" "$(ages "$(heap fifo)")" "1 0"

# Large blocks are counted at each step, others only as survivors.
run_gcprof grow "$TARGETS/books" grow 20000
file=$(heap grow)
read -r _ steps bytes < <(grep '^grown' "$T/grow.truth")
read -r _ _ all < <(grep '^all' "$T/grow.truth")
read -r site got_steps got_bytes < <(records "$file" grown | sort -k 2nr | head -n 1)
is "realloc: its site" "$(function_of "$file" "$site")" widen
# A survivor was born under another birth than it is now: one for each epoch, and for each
# period of the books, of which hardly any is as short as an epoch.
between "realloc: steps of a block that is made larger" "$got_steps" "$steps" $((steps + 2 * $(json "$file" .process.epoch)))
between "realloc: by so many bytes" "$got_bytes" "$bytes" "$all"
is "JSON: the same of the site" "$(json "$file" '[.sites[] | select(.frames[0].function == "widen")][0] |
	"\(.reallocations) \(.reallocated_bytes)"')" "$got_steps $got_bytes"
ok "JSON: and in the evidence of its growth" \
	grep -q "^realloc enlarged it .* times, by 1.3.* MiB in total.$" <<<"$(json "$file" '.findings[] | select(.kind == "growth") | .evidence[]')"

# The same periods for a run that is 50 times as long.
run_gcprof long "$TARGETS/books" fifo 2000000
file=$(heap long)
periods=$(records "$file" period | wc -l)
between "a long run has 16 to 32 periods, too" "$periods" 16 32
got=$(history "$file" "$T/long.truth" "$(site_of_planted "$file")" 700)
is "each period of a long run is as the program counts" "$got" "$periods $periods"
done_testing
