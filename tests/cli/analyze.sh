#!/bin/bash
# analyze.sh -- gcprof-analyze on leaks from the outside: status, formats, files.
#
# The SARIF schema and a validator come from npm into the build directory; where
# they cannot be had, that test is skipped.
#
# SPDX-License-Identifier: MIT
# Dollars of jq and of inner shells stand in single quotes.
# shellcheck disable=SC2016
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"
# shellcheck source=tests/cli/points.sh
. "$(dirname "$0")/points.sh"

[ -x "$unit/test_heap" ] || skip_all "cmocka is missing, and with it who writes the snapshots"

status() { # WANTED COMMAND...
	local wanted=$1 got=0
	shift
	"$@" > out 2> err || got=$?
	[ "$got" -eq "$wanted" ] || { echo "status $got, not $wanted"; cat err; false; }
}

says() { # PATTERN FILE
	grep -Eq -- "$1" "$2" || { echo "no '$1' in"; cat "$2"; false; }
}

complains() { # PATTERN COMMAND...
	local pattern=$1
	shift
	status 2 "$@" && says "$pattern" err && [ "$(wc -l < err)" -eq 1 ]
}

json() { # FILTER FILE: true?
	[ "$(jq "$1" "$2")" = true ] || { echo "not so: $1"; jq . "$2"; false; }
}

"$unit/test_heap" --sample > sample.heap || exit 1
"$unit/test_detect" --snapshot > own.heap || exit 1

# ---- what fails
ok "findings fail nothing unless asked" status 0 "$analyze" sample.heap
ok "an error fails --fail-on=error" status 1 "$analyze" --fail-on=error own.heap
ok "reachable blocks are no finding" status 0 "$analyze" --fail-on=note --focus=x \
	--suppressions=<(echo 'leak:*') own.heap
ok "suppressed leaks fail nothing" status 0 "$analyze" --fail-on=note \
	--suppressions=<(echo 'leak:leak_here') own.heap
ok "suppressions that match nothing suppress nothing" status 1 "$analyze" --fail-on=note \
	--suppressions=<(echo 'leak:leak_there') own.heap
ok "the worst of several snapshots counts" status 1 "$analyze" --fail-on=error own.heap own.heap

# ---- options
ok "an unknown kind of root is refused" complains "unknown kind of root" "$analyze" --roots=no-such own.heap
ok "--roots=all is as the default" bash -c "'$analyze' --format=json --roots=all sample.heap | jq -S .leaks > a &&
	'$analyze' --format=json sample.heap | jq -S .leaks > b && cmp a b"
"$analyze" --format=json --roots=no-globals sample.heap > out.json
ok "--roots without globals: what globals hold is lost" json '.leaks.definite.blocks == 2 and .leaks.reachable.blocks == 0' out.json
"$analyze" --format=json --roots=globals sample.heap > out.json
ok "--roots=globals: what stacks hold is lost" json '.leaks.definite.blocks == 2 and .leaks.possible.blocks == 0' out.json
ok "a file of suppressions that is not there is named" complains "'none.supp'" "$analyze" --suppressions=none.supp own.heap
printf 'leak:x\nrace:y\n' > bad.supp
ok "an error in a file of suppressions has file and line" complains "bad.supp:2: unknown kind .* leak, cache, .*: 'race'" "$analyze" --suppressions=bad.supp own.heap
printf 'growth:x\nmissing-free:y\nqueue:\n' > bad.supp
ok "a suppression by gcprof's kinds needs a pattern" complains "bad.supp:3: missing pattern" "$analyze" --suppressions=bad.supp own.heap
ok "two formats cannot both go to standard output" complains "only one" "$analyze" --format=json --format=text own.heap
ok "a source root that is not there is named" complains "'no/such'" "$analyze" --source-root=no/such own.heap

printf 'leak:never_here\nleak:leak_here\n' > some.supp
"$analyze" --suppressions=some.supp --show-unused-suppressions -o /dev/null own.heap > unused
ok "unused suppressions are listed with their place" says '^unused suppression: some.supp:1: leak:never_here$' unused
ok "used suppressions are not listed as unused" bash -c '[ "$(wc -l < unused)" -eq 1 ]'
"$analyze" --gen-suppressions -o /dev/null own.heap > gen.supp
ok "generated suppressions suppress" status 0 "$analyze" --fail-on=note --suppressions=gen.supp own.heap
"$analyze" --show-content sample.heap > out
ok "content is shown when asked for" says '68 65 6c 6c 6f.*\|hello, world' out
"$analyze" sample.heap > out
ok "content is not shown unless asked for" bash -c '! grep -q "hello" out'

# ---- baselines
"$analyze" --write-baseline=base.json -o /dev/null own.heap
ok "a baseline is JSON with its schema" json '.schema == "gcprof-baseline/1" and (.findings | length) == 1' base.json
ok "findings in the baseline fail nothing" status 0 "$analyze" --fail-on=note --baseline=base.json own.heap
"$analyze" --baseline=base.json --format=json own.heap > out.json
ok "a finding in the baseline is known, and a note" json '.findings[0].known and .findings[0].level == "note"' out.json
jq '.findings[0].bytes = 1' base.json > less.json
ok "a finding that has grown since the baseline fails" status 1 "$analyze" --fail-on=error --baseline=less.json own.heap
ok "a finding that is not in the baseline fails" status 1 "$analyze" --fail-on=error --baseline=base.json sample.heap
ok "a file that is no baseline is refused" complains "'own.heap'" "$analyze" --baseline=own.heap own.heap

# ---- formats
"$analyze" --format=text:out.txt --format=json:out.json --format=sarif:out.sarif \
	--format=junit:out.xml --format=github own.heap > out.github
ok "one run writes several formats" test -s out.txt -a -s out.json -a -s out.sarif -a -s out.xml -a -s out.github
ok "JSON has the leaks" json '.leaks.computed and .leaks.definite.blocks == 1' out.json
ok "JSON findings have what the contract asks for" json '.findings[0] |
	[has("kind", "verdict", "level", "confidence", "blocks", "bytes", "retained_bytes", "summary", "evidence", "site",
	"retained_by", "fingerprint")] | all' out.json
ok "SARIF has a run with rules and results" json '.version == "2.1.0" and (.runs[0] |
	(.tool.driver.rules | length) > 3 and (.results | length) == 1)' out.sarif
ok "SARIF results have rule, level, place and fingerprint" json '.runs[0] as $run | $run.results[0] |
	.ruleId == $run.tool.driver.rules[.ruleIndex].id and .level == "error" and
	(.locations[0].physicalLocation.region.startLine > 0) and
	(.partialFingerprints.primaryLocationLineHash | test("^[0-9a-f]{16}:1$"))' out.sarif
"$analyze" --format=sarif --source-root="$abs_top_srcdir" own.heap > rooted.sarif
ok "source files below the root are named relative to it" json \
	'.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri == "tests/unit/test_detect.c"' rooted.sarif
"$analyze" --format=github --source-root="$abs_top_srcdir" own.heap > out.github
ok "GitHub's annotations are one line each, with file and line" \
	says '^::error file=tests/unit/test_detect.c,line=[0-9]+,title=gcprof%3A definite leak::1 block' out.github
ok "GitHub's output has nothing but annotations" bash -c '[ "$(grep -vc "^::" out.github)" -eq 0 ]'
"$analyze" --format=sarif own.heap sample.heap > two.sarif
"$analyze" --format=junit own.heap sample.heap > two.xml
ok "two snapshots are two runs" json '(.runs | length) == 2' two.sarif
if command -v xmllint > /dev/null; then
	ok "JUnit is well-formed XML" xmllint --noout out.xml two.xml
	xpath() { # WANTED XPATH FILE
		[ "$(xmllint --xpath "string($2)" "$3")" = "$1" ]
	}
	ok "JUnit counts its cases" xpath "$(xmllint --xpath 'string(/testsuites/testsuite/@tests)' out.xml)" \
		'count(/testsuites/testsuite/testcase)' out.xml
	ok "JUnit counts its failures" xpath 1 'count(//failure)' out.xml
	ok "there is no case but for findings" xpath 1 'count(//testcase)' out.xml
	ok "two snapshots are two suites" xpath 2 'count(/testsuites/testsuite)' two.xml
else
	skip "JUnit is well-formed XML" "xmllint is not installed"
fi
: > empty.heap
ok "no report file is created for an unreadable snapshot" bash -c "! '$analyze' --format=junit:none.xml empty.heap 2> /dev/null && [ ! -e none.xml ]"

# ---- the schema
npm_dir=$abs_top_builddir/_build/sarif
schema=$npm_dir/schema/package/lib/schemas/sarif-2.1.0-rtm.5.json

fetch() {
	[ -f "$schema" ] && [ -d "$npm_dir/node_modules/ajv" ] && return
	command -v npm > /dev/null && command -v node > /dev/null || return
	rm -rf "$npm_dir"
	mkdir -p "$npm_dir/schema" && (
		cd "$npm_dir" && echo '{"private": true}' > package.json &&
			timeout 120 npm install --silent --no-audit --no-fund --ignore-scripts ajv@6.12.6 &&
			timeout 120 npm pack --silent @microsoft/jest-sarif@1.0.0-beta.0 &&
			tar -xzf microsoft-jest-sarif-*.tgz -C schema
	) > /dev/null 2>&1
}

cat > validate.js << 'END'
// SPDX-License-Identifier: MIT
const Ajv = require(process.argv[2] + "/node_modules/ajv");
const fs = require("fs");
const read = name => JSON.parse(fs.readFileSync(name, "utf8"));
const ajv = new Ajv({ allErrors: true, logger: false, unknownFormats: "ignore", schemaId: "auto" });
ajv.addMetaSchema(read(process.argv[2] + "/node_modules/ajv/lib/refs/json-schema-draft-04.json"));
const validate = ajv.compile(read(process.argv[3]));
for (const name of process.argv.slice(4))
	if (!validate(read(name))) {
		console.log(name, JSON.stringify(validate.errors.slice(0, 5), null, 1));
		process.exitCode = 1;
	}
END
"$analyze" --format=sarif --baseline=less.json own.heap > grown.sarif
if fetch && [ -f "$schema" ]; then
	ok "SARIF is valid by its schema" node validate.js "$npm_dir" "$schema" out.sarif rooted.sarif two.sarif grown.sarif
	jq 'del(.runs[0].tool)' out.sarif > broken.sarif
	ok "SARIF's schema refuses what is not SARIF" bash -c "! node validate.js '$npm_dir' '$schema' broken.sarif"
else
	skip "SARIF is valid by its schema" "no npm, or no registry: the schema cannot be had"
fi

# ---- files that are there when they are complete

mkdir files && echo 'what stood there' > files/old.json && chmod 640 files/old.json
ln -s old.json files/link.json
too_long() {
	(
		trap '' XFSZ
		ulimit -f 1
		status 2 "$analyze" --format=json -o files/old.json own.heap
	) && says 'old.json.: File too large' err
}
ok "a report that cannot be written whole is an error" too_long
ok "a report that fails leaves the older file, and no other" \
	bash -c '[ "$(cat files/old.json)" = "what stood there" ] && [ "$(cd files && echo *)" = "link.json old.json" ]'
ok "a complete report replaces the older file, through a link as well" status 0 "$analyze" --format=json -o files/link.json own.heap
ok "a replaced file keeps its permissions, and a link stays one" \
	bash -c '[ "$(stat -c %a files/old.json)" = 640 ] && [ -L files/link.json ] && jq -e .schema files/old.json'
ok "a new file has the usual permissions" bash -c 'umask 027 && "$0" -o files/new own.heap && [ "$(stat -c %a files/new)" = 640 ]' "$analyze"
ok "a directory that takes no new file is no hindrance to an old one" \
	bash -c 'cat own.heap > files/own.heap; [ "$(id -u)" -ne 0 ] || exit 0
		chmod a-w files; "$0" -o files/new files/own.heap; status=$?; chmod u+w files; exit $status' "$analyze"
ok "a pipe is written to" bash -c '"$0" -o /dev/stdout own.heap | grep -q sites' "$analyze"
# The second output goes to a pipe that nobody empties: it waits there, and the
# first is not complete then.
ended_by() { # SIGNAL STATUS FORMAT
	mkdir ended && mkfifo ended/pipe && echo before > ended/old
	TMPDIR=$work/ended "$analyze" --format=json:ended/old --format="$3":ended/pipe many.heap &
	exec 3< ended/pipe
	IFS= read -r -N 1 -u 3 _
	kill -"$1" $!
	wait $! 2> /dev/null
	[ $? -eq "$2" ] && [ "$(cd ended && echo *)" = "old pipe" ] && [ "$(cat ended/old)" = before ]
	local result=$?
	ls ended
	exec 3<&-
	rm -r ended
	return $result
}
"$unit/test_graph" --scale 20000 0 > many.heap
ok "SIGTERM leaves no unfinished file" ended_by TERM 143 blocks
ok "SIGTERM leaves no database that a report is copied from" ended_by TERM 143 sqlite
cp own.heap files/in.heap && ln -s in.heap files/in.link
for option in --output=files/in.heap --format=json:files/in.link --write-baseline=./files/in.heap; do
	ok "${option%%=*}: a snapshot is not written over" \
		complains 'is an input, and would be overwritten' "$analyze" "$option" files/in.heap
	ok "${option%%=*}: the snapshot is unchanged" cmp own.heap files/in.heap
done
ok "two formats need two files" \
	complains "'files/two' would be written twice" "$analyze" --format=json:files/two --format=text:files/two own.heap
ok "two formats may go to one device" \
	status 0 "$analyze" --format=json:/dev/null --format=text:/dev/null own.heap
ok "a baseline may be replaced" \
	bash -c '"$0" --write-baseline=files/base own.heap && "$0" --baseline=files/base --write-baseline=files/base own.heap' "$analyze"
ok "a directory for a baseline is called one" complains "'files': Is a directory" "$analyze" --baseline=files own.heap
ok "without a temporary directory there is one message, with the reason" \
	complains 'No such file.*TMPDIR may name' env TMPDIR=/nonexistent "$analyze" --format=sqlite -o files/db own.heap
ok "a mistyped option: the one that was meant is named" \
	complains "unrecognized option '--fromat=json'; did you mean --format" "$analyze" --fromat=json own.heap
ok "a mistyped format: the one that was meant is named" \
	complains "unknown format 'jsno'; did you mean json" "$analyze" --format=jsno:x own.heap
ok "an unknown format: all formats are named" \
	complains "unknown format 'zzz'; one of text, json, .*sites-raw" "$analyze" --format=zzz own.heap
ok "an unknown option: --help is named" \
	complains "unrecognized or ambiguous option '--nonsense'; try --help" "$analyze" --nonsense own.heap
ok "a file that cannot be opened is named" complains "'none/x': No such file" "$analyze" -o none/x own.heap

echo "1..$n"
