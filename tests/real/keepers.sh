#!/usr/bin/env bash
# keepers.sh -- real libraries and programs that keep too much, and the same with a limit.
#
# They free all of it at their end.  The first finding has to be the true one, a
# warning, by the snapshot at exit alone and by a series of snapshots.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"
. "${srcdir:-.}/tests/real/verdicts.sh"

series=exit,growth=50%

first_is() { # VERDICTS FUNCTIONS FILE...: the first finding is a warning of these kinds, at one of these
	local verdicts=$1 functions=$2
	shift 2
	findings "$@" | head -n 1 | grep -E $'^(warning|error)\t('"$verdicts"$')\t[^\t]*\t.*('"$functions"')'
}

said() { # NAME SENTENCE VERDICTS FUNCTIONS: of the snapshots of a run; no verdicts: no warning
	local files
	mapfile -t files < <(heaps "$1")
	diag "$1: ${#files[@]} snapshots"
	if [ ${#files[@]} = 0 ]; then
		point fail "$2"
	elif [ -z "$3" ]; then
		calm "$2" "${files[@]}"
	else
		ok "$2" first_is "$3" "$4" "${files[@]}"
		show "${files[@]}"
	fi
}

# Both ways of taking snapshots.
kept() { # NAME SENTENCE VERDICTS FUNCTIONS COMMAND...
	local name=$1 sentence=$2 verdicts=$3 functions=$4
	shift 4
	run_gcprof "$name" "$@"
	is "$name: the program ends well" "$status" 0
	said "$name" "$sentence, by the snapshot at exit" "$verdicts" "$functions"
	GCPROF_SNAPSHOT=$series run_gcprof "$name-series" "$@"
	is "$name: the program ends well with snapshots by growth" "$status" 0
	said "$name-series" "$sentence, by snapshots by growth" "$verdicts" "$functions"
}

# ---- libxml2: the dictionary of one parser for all documents

if xml2-config --version >/dev/null 2>&1; then
	# shellcheck disable=SC2046 # words
	ok "a program with libxml2 is built" "$CC" -g -O1 $(xml2-config --cflags) -o "$T/names" \
		"$SOURCES/tests/real/names.c" $(xml2-config --libs)
	kept xml-one "libxml2, one parser for documents with ever new names: a cache or growth at its dictionary" \
		'cache/unbounded|growth/unbounded' 'xmlDictLookup|xmlDictAddString' "$T/names" one 12000
	kept xml-each "libxml2, a parser for each document: no warning" '' '' "$T/names" each 12000
else
	skip "libxml2" "it is not installed"
fi

# ---- yaml-cpp: a node that is assigned to for ever

if [ -e /usr/include/yaml-cpp/yaml.h ] && "${CXX:-c++}" --version >/dev/null 2>&1; then
	ok "a program with yaml-cpp is built" "${CXX:-c++}" -g -O1 -o "$T/assign" "$SOURCES/tests/real/assign.cc" -lyaml-cpp
	kept yaml-one "yaml-cpp, one node that is assigned to for ever: growth of its memory" \
		'growth/unbounded|cache/unbounded' 'YAML::detail::memory' "$T/assign" one 60000
	kept yaml-each "yaml-cpp, a new node each time: no warning" '' '' "$T/assign" each 60000
else
	skip "yaml-cpp" "it is not installed"
fi

# ---- QuickJS: what a script keeps

quickjs=$SOURCES/tests/real/fetched/qjsc-0.3.0
if [ -e "$quickjs/quickjs.c" ]; then
	engine=()
	for part in quickjs quickjs-libc cutils libbf libregexp libunicode; do
		engine+=("$quickjs/$part.c")
	done
	ok "a program with QuickJS is built" "$CC" -g -O0 -w -D_GNU_SOURCE -DCONFIG_BIGNUM -DCONFIG_VERSION='"of a test"' -I"$quickjs" \
		-o "$T/embed" "$SOURCES/tests/real/embed.c" "${engine[@]}" -lm -ldl -lpthread
	keep=$SOURCES/tests/real/keep.js
	kept qjs-cache "QuickJS, a Map that is filled for ever: a cache or growth" \
		'cache/unbounded|growth/unbounded' 'JS_|js_' "$T/embed" "$keep" cache 0 60000
	kept qjs-queue "QuickJS, an array pushed faster than shifted: a queue" \
		'queue/unbounded' 'JS_|js_' "$T/embed" "$keep" queue 0 15000
	kept qjs-listeners "QuickJS, listeners that are only added: closures or growth" \
		'closure/retained|growth/unbounded' 'js_closure' "$T/embed" "$keep" listeners 0 60000
	for which in cache queue listeners; do
		kept "qjs-$which-limit" "QuickJS, $which with a limit: no warning" '' '' "$T/embed" "$keep" $which 100 60000
	done
else
	skip "QuickJS" "its source was not fetched"
fi

# ---- mosquitto: messages for a subscriber who stays away

offline() { # NAME LIMIT: 0 is none
	printf 'listener 0 %s.sock\nallow_anonymous true\nlog_dest none\nmax_queued_messages %d\n' "$T/$1" "$2" >"$T/$1.conf"
	[ "$(id -u)" != 0 ] || echo 'user root' >>"$T/$1.conf"
	start_gcprof "$1" mosquitto -c "$T/$1.conf"
	# It subscribes for a session that stays, and leaves.
	ok "$1: a client subscribes" eventually mosquitto_sub --unix "$T/$1.sock" -i away -c -q 1 -t 'plant/#' -E
	awk 'BEGIN { for (i = 0; i < 30000; i++) print "value " i " and what the sensor says of it, at length" }' |
		mosquitto_pub --unix "$T/$1.sock" -i sensor -q 1 -t plant/1/temp -l
	stop "$pid"
	is "$1: the program ends well" "$status" 0
}

if command -v mosquitto >/dev/null && command -v mosquitto_pub >/dev/null; then
	for way in exit series; do
		sentence="by the snapshot at exit"
		export GCPROF_SNAPSHOT=exit
		if [ $way = series ]; then
			sentence="by snapshots by growth"
			export GCPROF_SNAPSHOT=$series
		fi
		offline "mosquitto-all-$way" 0
		said "mosquitto-all-$way" "mosquitto, messages for one who stays away: a queue or growth at its messages, $sentence" \
			'queue/unbounded|growth/unbounded' 'db__message_insert|handle__publish'
		offline "mosquitto-limit-$way" 100
		said "mosquitto-limit-$way" "mosquitto, with a limit for them: no warning, $sentence" '' ''
	done
	unset GCPROF_SNAPSHOT
else
	skip "mosquitto" "it is not installed, or its clients are not"
fi
done_testing
