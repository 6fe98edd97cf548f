# hash.pl -- hashes of hashes of lists, filled, sorted, thrown away.
#
#     perl hash.pl [ENTRIES]
#
# SPDX-License-Identifier: MIT
use strict;
use warnings;

my $entries = shift || 120000;
my $state = 17;
my $sum = 0;
for my $round (1 .. 3) {
	my %count;
	for my $i (1 .. $entries) {
		$state = ($state * 1103515245 + 12345) % 2147483648;
		my $key = sprintf "key %x", $state % 20000;
		$count{$key}{n}++;
		push @{$count{$key}{list}}, "item $i" if $i % 3 == 0;
	}
	for my $key (sort { $count{$b}{n} <=> $count{$a}{n} || $a cmp $b } keys %count) {
		$sum += $count{$key}{n} * length join ",", @{$count{$key}{list} || []};
	}
}
print "$sum\n";
