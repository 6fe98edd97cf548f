# ledger.awk -- is the set of live blocks the one that the program says it has?
#
# In:   first file: the program's ledger, in order of events, see truth.h:
#           block PID ADDRESS BYTES KIND TID     became live
#           gone PID ADDRESS BYTES               was freed
#       second file: a listing of heapdump.
#       exactly=1: blocks that the ledger does not name are errors.
#       pid: only this process's lines count; empty: all.
# Out:  a line for each difference; exit status 1 if there was one.
#
# SPDX-License-Identifier: MIT

function key(address) {
	sub(/^0[xX]/, "", address)
	sub(/^0+/, "", address)
	return tolower(address)
}

function differs(text) {
	n_differences++
	if (n_differences <= 20)
		print text
}

FNR == NR && pid != "" && $2 != pid { next }
FNR == NR && $1 == "block" {
	a = key($3)
	bytes[a] = $4; kind[a] = $5; tid[a] = $6
	delete gone[a]
	n_ledger++
	next
}
FNR == NR && $1 == "gone" {
	a = key($3)
	delete bytes[a]
	gone[a] = $4
	next
}
FNR == NR { next }

$1 != "block" { next }
{
	a = key($2)
	if (a in seen)
		differs("block " a " is listed twice")
	seen[a] = 1
	if (a in bytes) {
		if ($3 != bytes[a])
			differs("block " a ": requested " $3 ", the program asked for " bytes[a])
		if ($4 + 0 < $3 + 0)
			differs("block " a ": usable " $4 " is less than requested " $3)
		if ($5 != kind[a])
			differs("block " a " (" $3 " bytes): kind " $5 ", it was " kind[a])
		if (tid[a] != "" && $7 != tid[a])
			differs("block " a ": thread " $7 ", it was " tid[a])
	} else if ((a in gone) && gone[a] == $3) {
		differs("block " a " of " $3 " bytes was freed and is listed as live")
	} else if (exactly) {
		differs("block " a " of " $3 " bytes (" $5 ") is not the program's")
	}
}

END {
	if (!n_ledger)
		differs("the program's ledger is empty")
	for (a in bytes)
		if (!(a in seen))
			differs("block " a " of " bytes[a] " bytes (" kind[a] ") is missing")
	if (n_differences > 20)
		print "... " n_differences " differences"
	exit n_differences ? 1 : 0
}
