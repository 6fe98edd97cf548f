# mappings.awk -- are a snapshot's mappings those that the program says it has?
#
# In:   first file: lines of the target mappings(c):
#           map ADDRESS BYTES FLAGS FUNCTION
#       second file: lines "START BYTES FLAGS FUNCTION" of the snapshot.
#       Compared page by page: where neighbours begin and end is left open.
# Out:  a line for each difference; exit status 1 if there was one.
#
# SPDX-License-Identifier: MIT

function number(hex,    i, n) {
	for (i = 1; i <= length(hex); i++)
		n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return n
}

function differs(text) {
	if (++n_differences <= 10)
		print text
}

function page(first, i) {
	return sprintf("%.0f", first + i)
}

FNR == NR && $1 == "map" {
	first = number($2) / 4096
	for (i = 0; i * 4096 < $3; i++)
		wanted[page(first, i)] = $4 " " $5
	n++
	next
}
FNR == NR { next }
{
	first = number($1) / 4096
	for (i = 0; i * 4096 < $2; i++) {
		p = page(first, i)
		if (p in seen)
			differs("page " p " is listed twice")
		seen[p] = 1
		if (!(p in wanted))
			differs("page " p " (" $3 " " $4 ") is not the program's")
		else if (wanted[p] != $3 " " $4)
			differs("page " p ": " $3 " " $4 ", it was " wanted[p])
	}
}
END {
	for (p in wanted)
		if (!(p in seen))
			differs("page " p " (" wanted[p] ") is missing")
	print n " mappings, " n_differences + 0 " pages differ"
	exit !n || n_differences > 0
}
