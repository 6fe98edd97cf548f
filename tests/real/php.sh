#!/usr/bin/env bash
# php.sh -- PHP, which opens all its extensions with RTLD_DEEPBIND.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require php
cat >"$T/work.php" <<'END'
<?php
$all = [];
for ($i = 0; $i < 20000; $i++)
	$all['k' . $i % 500][] = str_repeat('x', $i % 77);
echo count($all), ' ', strlen(json_encode($all)), "\n";
echo preg_match_all('/x{3}/', $all['k3'][2] . str_repeat('x', 99)), ' ', md5(serialize($all)), "\n";
echo implode(',', get_loaded_extensions()), "\n";
foreach (['ctype_alpha', 'iconv', 'token_get_all'] as $f)
	echo $f, ' ', function_exists($f) ? 'is there' : 'is not there', "\n";
echo strlen(iconv('UTF-8', 'UTF-16', str_repeat('ä', 1000))), ' ', count(token_get_all('<?php echo 1 + 1;')), "\n";
$cycle = new stdClass;
$cycle->self = $cycle;
unset($cycle);
echo gc_collect_cycles(), "\n";
fwrite(STDERR, "done\n");
exit(7);
END
export GCPROF_SNAPSHOT=exit
for allocator in jemalloc system; do
	export GCPROF_ALLOCATOR=$allocator
	same "php-$allocator" php "$T/work.php"
	is "php-$allocator: its exit status is the script's" "$status" 7
	whole "php-$allocator" 1
	is "php-$allocator: nothing is found beyond notes" \
		"$(summary "$(heap "php-$allocator")" '[.findings[] | select(.level != "note") | .kind] | join(" ")')" ""
	# USE_ZEND_ALLOC=0: each of its blocks is one of malloc's.
	USE_ZEND_ALLOC=0 same "php-malloc-$allocator" php "$T/work.php"
	whole "php-malloc-$allocator" 1
	is "php-malloc-$allocator: nothing is found beyond notes" \
		"$(summary "$(heap "php-malloc-$allocator")" '[.findings[] | select(.level != "note") | .kind] | join(" ")')" ""
done
done_testing
