#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures, and prints one table. All figures are of one run on one core; compare them as ratios within it.
# Usage: run.sh SOCKLOOM
set -eu
sockloom=$1
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# timed DB ARGS...: user+system seconds in $secs, peak memory in KiB in $kib
timed() {
	db=$1
	shift
	/usr/bin/env bash -c 'TIMEFORMAT="%U %S"; time "$@" >/dev/null' x "$sockloom" run -q -o "$tmp/$db" "$@" 2>"$tmp/time" || {
		cat "$tmp/time" >&2
		exit 1
	}
	secs=$(awk 'END { print $1 + $2 }' "$tmp/time")
}
q() { "$sockloom" show "$tmp/$1" --sql "$2" | tail -n 1 | tr -d ' '; }
events() { q "$1" "SELECT value FROM run WHERE key = 'events'"; }
per() { awk -v n="$1" -v s="$2" 'BEGIN { r = 0; if (s > 0) r = n / s; printf "%.0f", r }'; }
row() { printf '%-58s %14s %s\n' "$1" "$2" "$3"; }

row workload value unit
for n in 10 100 1000; do
	timed d.db --trace=schedule --set n=$n --set time=3s dumbbell.lua
	e=$(events d.db)
	segs=$(q d.db "SELECT sum(value) FROM counter c JOIN host h ON h.id = c.host WHERE c.scope = 'nic' AND c.name = 'rx_packets' AND h.name LIKE 'b%'")
	row "dumbbell, $n pairs: delivered TCP segments" "$(per "$segs" "$secs")" /s
	row "dumbbell, $n pairs: events" "$(per "$e" "$secs")" /s
done
timed d.db --trace=schedule --set n=100 --set time=1s dumbbell.lua
alone=$(per "$(events d.db)" "$secs")
timed l.db --trace=schedule --set n=1 --set time=1ms --set idle=50000 dumbbell.lua
load=$secs
timed d.db --trace=schedule --set n=100 --set time=1s --set idle=50000 dumbbell.lua
beside=$(per "$(events d.db)" "$(awk -v a="$secs" -v b="$load" 'BEGIN { print a - b }')")
row "the same, beside 50,000 idle hosts (set-up taken off)" "$(awk -v a="$beside" -v b="$alone" 'BEGIN { printf "%.2f", a / b }')" "of the rate without them"
timed f.db --trace=schedule fanin.lua
row "UDP echo fan-in, 100 clients: datagrams answered" "$(per "$(q f.db "SELECT sum(value) FROM counter c JOIN host h ON h.id = c.host WHERE c.name = 'InDatagrams' AND h.name LIKE 'c%'")" "$secs")" /s
row "UDP echo fan-in: events" "$(per "$(events f.db)" "$secs")" /s
timed h.db --trace=schedule http.lua
row "HTTP-like, 50 clients: connections" "$(per "$(q h.db "SELECT sum(value) FROM counter WHERE name = 'PassiveOpens'")" "$secs")" /s
timed a.db --trace=all --set time=200ms dumbbell.lua
all=$secs
rows=$(q a.db "SELECT max(seq) FROM (SELECT max(seq) AS seq FROM hop UNION ALL SELECT max(seq) FROM counter UNION ALL SELECT max(seq) FROM task)")
timed n.db --trace=schedule --set time=200ms dumbbell.lua
row "trace=all: rows (what writing them adds)" "$(per "$rows" "$(awk -v a="$all" -v b="$secs" 'BEGIN { print a - b }')")" /s

# Memory: the difference between two sizes, so that the program itself does not count.
peak() {
	"$sockloom" run -q --trace=none -o "$tmp/i.db" --set n="$1" idle.lua &
	pid=$!
	m=0
	while kill -0 $pid 2>/dev/null; do
		k=$(awk '/VmHWM/ { print $2 }' /proc/$pid/status 2>/dev/null || true)
		[ -n "$k" ] && m=$k
		sleep 0.02
	done
	wait $pid
	echo "$m"
}
small=$(peak 10000)
large=$(peak 30000)
row "memory of an idle host with a listening program" "$(awk -v a="$large" -v b="$small" 'BEGIN { printf "%.0f", (a - b) * 1024 / 20000 }')" bytes
timed i.db --trace=none --set n=100000 idle.lua
row "100,000 idle hosts: whole run" "$secs" s
