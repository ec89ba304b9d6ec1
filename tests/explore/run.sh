#!/bin/sh
# SPDX-License-Identifier: MIT
# The way of a race bug: explore finds it, whatever the number of workers; shrink leaves the decision that
# matters; the trace replays; keep makes a scenario that fails, and passes once the program is mended.
# Usage: run.sh SOCKLOOM
set -u
sockloom=$(realpath "$1")
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
expect() { # exit status, what, command...
	want=$1 what=$2
	shift 2
	"$@" >"$tmp/out" 2>&1
	rc=$?
	[ $rc = "$want" ] && return
	echo "not ok: $what: exit status $rc, not $want"
	sed 's/^/    /' "$tmp/out" | head -20
	failed=$((failed + 1))
}
has() { # what, pattern
	grep -q "$2" "$tmp/out" && return
	echo "not ok: $1: no '$2' in"
	sed 's/^/    /' "$tmp/out" | head -20
	failed=$((failed + 1))
}

expect 0 "the ordinary run passes" "$sockloom" run -q -o "$tmp/run.db" ../../scenarios/races/r12_lost_wakeup.lua
expect 1 "explore finds it" "$sockloom" explore -j 1 -o "$tmp/1.db" ../../scenarios/races/r12_lost_wakeup.lua
has "explore says what" 'stuck: main of host a'
cp "$tmp/out" "$tmp/one"
expect 1 "explore with three workers" "$sockloom" explore -j 3 -o "$tmp/3.db" ../../scenarios/races/r12_lost_wakeup.lua
sed -i 's/3\.db/1.db/' "$tmp/out"
cmp -s "$tmp/out" "$tmp/one" && cmp -s "$tmp/1.db" "$tmp/3.db" || {
	echo "not ok: what is found depends on the number of workers"
	failed=$((failed + 1))
}
expect 0 "the run can be replayed" "$sockloom" replay "$tmp/1.db"
expect 0 "shrink" "$sockloom" shrink -o "$tmp/min.db" "$tmp/1.db"
has "one decision is left" '^1 decisions of'
has "and is told" 'main of a is held up'
expect 0 "the shrunk run can be replayed" "$sockloom" replay "$tmp/min.db"
expect 0 "explain" "$sockloom" explain -o "$tmp/why.svg" "$tmp/1.db"
has "it names the decision" '=> .*main of a is held up for 10ms'
has "and the pair" '1. main(101) of a: kill(100, SIGUSR1)'
has "and the other" '2. main(100) of a: select('
has "and says it in a sentence" 'the kill() of main(101) of a is over before the select() of main(100) of a begins'
command -v python3 >"$tmp/which" && expect 0 "the picture is XML" python3 -c "import sys, xml.dom.minidom as m; m.parse(sys.argv[1])" "$tmp/why.svg"
expect 2 "a run that passes has nothing to explain" "$sockloom" explain -o "$tmp/no.svg" "$tmp/run.db"
expect 0 "keep" "$sockloom" keep -o "$tmp/kept.lua" "$tmp/min.db"
expect 2 "keep leaves files alone" "$sockloom" keep -o "$tmp/kept.lua" "$tmp/min.db"
expect 1 "the kept scenario fails" "$sockloom" run -q -o "$tmp/kept.db" "$tmp/kept.lua"
expect 0 "and passes once it is mended" "$sockloom" run -q -o "$tmp/kept.db" --set fixed=true "$tmp/kept.lua"
expect 1 "what fails ordinarily needs no search" "$sockloom" explore -o "$tmp/k.db" "$tmp/kept.lua"
has "and explore says so" 'nothing to search for'
for s in random pct pos delay starve portfolio; do
	expect 0 "the mended program, $s" "$sockloom" explore -S $s --runs 2000 -o "$tmp/no.db" --set fixed=true ../../scenarios/races/r12_lost_wakeup.lua
	expect 1 "every strategy finds it: $s" "$sockloom" explore -S $s --runs 5000 -o "$tmp/s.db" ../../scenarios/races/r12_lost_wakeup.lua
done
expect 1 "dfs finds it" "$sockloom" explore -S dfs -o "$tmp/s.db" ../../scenarios/races/r12_lost_wakeup.lua
has "with one decision" ' 1 decisions of'
expect 0 "dfs, mended, comes to an end" "$sockloom" explore -S dfs --depth 2 --runs 100000 -o "$tmp/no.db" --set fixed=true ../../scenarios/races/r12_lost_wakeup.lua
has "and says so" '^exhausted  every schedule with at most 2 decisions'
expect 2 "a run that passes has nothing to shrink" "$sockloom" shrink -o "$tmp/no.db" "$tmp/run.db"
has "and shrink says so" 'does not fail'
expect 2 "no such strategy" "$sockloom" explore -S best ../../scenarios/races/r12_lost_wakeup.lua
expect 2 "no such scenario" "$sockloom" explore missing.lua
expect 2 "no such trace" "$sockloom" shrink missing.db
# A real program.
if command -v python3 >"$tmp/out"; then
	expect 1 "a real program: explore finds it" "$sockloom" explore --runs 600 -o "$tmp/p.db" real_program.lua
	expect 0 "a real program: shrink" "$sockloom" shrink -o "$tmp/p.min.db" "$tmp/p.db"
	has "few decisions are left" '^[1-3] decisions of'
	expect 0 "a real program: replay" "$sockloom" replay -q "$tmp/p.min.db"
else
	echo "skipped a real program: not installed: python3"
fi

# The catalogue: each bug is found by the portfolio, comes down to the decisions that README names, fails without none
# of them, and the mended program passes under ten times as many schedules.
races=../../scenarios/races
for lua in "$races"/r*.lua; do
	name=$(basename "$lua" .lua)
	id=$(echo "$name" | cut -c 2-3)
	most=$(sed -n "s/^| \[R$id\].* | \([0-9]*\) |\$/\1/p" "$races/README.md")
	rm -f "$tmp"/r.*
	expect 1 "$name: explore finds it" "$sockloom" explore --runs 3000 -o "$tmp/r.db" "$lua"
	runs=$(sed -n 's/^runs *//p' "$tmp/out")
	expect 0 "$name: shrink" "$sockloom" shrink -o "$tmp/r.min.db" "$tmp/r.db"
	left=$(sed -n 's/^\([0-9]*\) decisions of.*/\1/p' "$tmp/out")
	[ "${left:-99}" -le "${most:-0}" ] || {
		echo "not ok: $name: ${left:-?} decisions remain, not ${most:-?}"
		failed=$((failed + 1))
	}
	expect 0 "$name: replay" "$sockloom" replay -q "$tmp/r.min.db"
	expect 0 "$name: explain" "$sockloom" explain -o "$tmp/r.svg" "$tmp/r.min.db"
	expect 0 "$name: keep" "$sockloom" keep -o "$tmp/r.lua" "$tmp/r.min.db"
	expect 1 "$name: what is kept fails" "$sockloom" run -q -o "$tmp/r.kept.db" "$tmp/r.lua"
	expect 0 "$name: mended" "$sockloom" explore --runs $((${runs:-300} * 10)) --set fixed=true -o "$tmp/no.db" "$lua"
done
[ $failed = 0 ] && echo "explore: passed" || echo "explore: $failed failed"
[ $failed = 0 ]
