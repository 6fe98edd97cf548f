#!/usr/bin/env bash
# frames.sh -- the frames of stopped threads, those of libgcc's unwinder, and what lies in them.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/frames"

tids_of() { # ROLE
	awk -v role="$1" '$1 == "role" && $3 == role { print $2 }' "$T/run.truth" | sort -u
}

# The outer frames are those of the chain, to the last; of a deep stack those that
# are there.
chain_is() { # FILE ROLE N: the n-th chain that was told
	local tid chain
	tid=$(tids_of "$2")
	chain=$(awk -v tid="$tid" '$1 == "chain" && $2 == tid' "$T/run.truth" | sed -n "$3p" | cut -d' ' -f3-)
	records "$1" frame | awk -F '\t' -v tid="$tid" -v chain="$chain" '
	BEGIN { n_wanted = split(chain, wanted, " ") }
	$1 == tid {
		pc[++n] = $7
		if (int($2 / 4) % 2)
			gap = n
	}
	END {
		# frames of pc[i] are wanted[i + shift]; those inside of the teller are not told
		shift = n_wanted - n
		if (!gap && (n < n_wanted + 1 || n > n_wanted + 6)) {
			print n " frames, " n_wanted " are wanted"
			exit 1
		}
		for (i = gap ? gap : n - n_wanted + 1; i <= n; i++)
			if (pc[i] != wanted[i + shift]) {
				print "frame " i " of " n ": " pc[i] ", wanted " wanted[i + shift]
				bad = 1
			}
		exit bad || !n || !n_wanted
	}'
}

is_complete() { # FILE ROLE: its last frame is the outermost one
	[ "$(records "$1" frames | awk -F '\t' -v tid="$(tids_of "$2")" '$2 == tid { print $4 }')" = 1 ]
}

# The function of the frame that an address is in.
function_at() { # FILE TID ADDRESS
	local path module offset flags
	read -r flags module offset < <(records "$1" frame | find_frame "$2" "$3")
	[ -n "$offset" ] || return
	path=$(records "$1" module | awk -F '\t' -v n="$module" '$1 == n { print $8 }')
	# not what is inlined there
	addr2line -f -i -e "$path" "$(printf '%x' $((16#$offset - 1 + flags % 2)))" | tail -n 2 | head -n 1
}

# Addresses of 12 digits compare as text.
find_frame() { # TID ADDRESS
	awk -F '\t' -v tid="$1" -v address="$2" '
	$1 == tid && length($5) == length(address) && $5 <= address && address < $6 { print $2, $3, $4; exit }'
}

locals_are_named() { # FILE ROLE EXCEPT: those of a function that has ended, or not begun
	local function address found bad=0 n=0
	while read -r function address; do
		found=$(function_at "$1" "$(tids_of "$2")" "$address")
		n=$((n + 1))
		[ "$found" = "$function" ] || {
			echo "$address is in '$found', not in '$function'"
			bad=1
		}
	done < <(awk -v tid="$(tids_of "$2")" -v except="$3" \
		'$1 == "local" && $2 == tid && $3 != except { print $3, $4 }' "$T/run.truth")
	[ "$bad" = 0 ] && [ "$n" -gt 0 ]
}

run_gcprof run "$TARGETS/frames"
is "the program ends well" "$status" 0
points_of "$T/run.truth"
asked=$(heaps run | head -n 1)
ended=$(heaps run | tail -n 1)
is "a snapshot by a call and one at exit are there" "$(n_heaps run)" 2

for role in nested innocent deep handling alternate coroutine spinning allocating; do
	for file in "$asked" "$ended"; do
		ok "$role: frames are those of libgcc's unwinder" chain_is "$file" "$role" 1
		ok "$role: frames are complete" is_complete "$file" "$role"
		ok "$role: variables are in the frames of their functions" locals_are_named "$file" "$role" -
	done
done
ok "the thread that calls for a snapshot: frames are those of libgcc's unwinder" chain_is "$asked" main 1
ok "the thread that calls for a snapshot: variables are in the frames of their functions" locals_are_named "$asked" main ends
ok "the thread that calls exit: frames are those of libgcc's unwinder" chain_is "$ended" main 2
ok "the thread that calls exit: variables are in the frames of their functions" locals_are_named "$ended" main asks
names_of() { # FILE ROLE: of the thread's frames, innermost first
	json "$1" "[.threads[] | select(.tid == $(tids_of "$2"))][0].frames | map(.function // \"?\") | join(\" \")"
}
ok "the thread that calls for a snapshot: the first frame is the program's"  grep -q '^gcprof_snapshot asks main ' <<<"$(names_of "$asked" main)"
ok "the thread that calls exit: the first frame is the program's" grep -q '^ends main ' <<<"$(names_of "$ended" main)"

is "a deep stack has its innermost and outermost frames" \
	"$(records "$asked" frames | awk -F '\t' -v tid="$(tids_of deep)" '$2 == tid { print $5 }')" 256
ok "JSON: and that others are left out" grep -q ' descend (frames left out) descend .* deep ' <<<"$(names_of "$asked" deep) "
is "a thread that could not be stopped has no frames" \
	"$(records "$asked" frames | cut -f2 | grep -c "^$(tids_of deaf)\$")" 0
is "JSON: a thread that never allocated" \
	"$(json "$asked" ".threads[] | select(.tid == $(tids_of innocent)) | \"\(.name) \(.first_epoch)\"")" "frames null"
ok "JSON: a handler, the signal, and what it interrupted" \
	grep -q ' handler (signal) faults handling ' <<<"$(names_of "$asked" handling)"
garbage() { # FILE: frames of such threads, and whether they are complete
	for tid in $(tids_of garbage); do
		records "$1" frames | awk -F '\t' -v tid="$tid" '$2 == tid { print $4, $5 }'
	done | paste -sd ,
}
# No stack at all; and circles, up to where they would go down.
is "garbage in registers ends a walk" "$(garbage "$asked") $(garbage "$ended")" "0 1,0 3,0 3 0 1,0 3,0 3"
ok "the files are valid" valid "$asked"
done_testing
