#!/usr/bin/env bash
# perl.sh -- perl with hashes, sorts, regular expressions and closures.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require perl
cat >"$T/work.pl" <<'END'
use strict;
use warnings;

my %count;
my $state = 17;
for my $i (1 .. 60000) {
	$state = ($state * 1103515245 + 12345) % 2147483648;
	my $key = sprintf "%x", $state % 5000;
	$count{$key}{n}++;
	push @{$count{$key}{list}}, $i if $i % 7 == 0;
}
my @top = sort { $count{$b}{n} <=> $count{$a}{n} || $a cmp $b } keys %count;
print "$_ $count{$_}{n}\n" for @top[0 .. 4];
my $text = join " ", map { "$_=$count{$_}{n}" } sort keys %count;
my $found = () = $text =~ /(\w)\1=(\d+)/g;
print length($text), " $found\n";
my @closures = map { my $n = $_; sub { return $n + shift } } 1 .. 2000;
my $sum = 0;
$sum += $_->($sum % 10) for @closures;
print "$sum\n";
{
	my @cycle;
	for (1 .. 1000) {
		my $h = {name => "x" x $_};
		$h->{self} = $h;
		push @cycle, $h;
	}
}
(my $copy = $text) =~ s/(\d)/<$1>/g;
print length($copy), "\n";
warn "done\n";
exit 4;
END
counted perl perl "$T/work.pl"
done_testing
