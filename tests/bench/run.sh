#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures sockloom and prints a table. Rates are for each second of CPU time of the whole process, building
# the world included: wall time says more about what else the machine does. Compare figures of one run only.
# Usage: run.sh BUILD [NAME...]; names are those of the functions below, all of them when none is given.
set -eu
build=$1
shift
cd "$(dirname "$0")/../.."
sockloom=$build/sockloom cost=$build/tests/bench/cost
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
db=$tmp/bench.db

row() { printf '%-46s %14s  %s\n' "$1" "$2" "$3"; }
calc() { awk "BEGIN { printf \"%.${2:-0}f\", $1 }"; }
ask() { "$sockloom" show "$db" --sql "$1" | tail -n 1 | sed 's/^ *//; s/ *$//'; }

# run LEVEL SCENARIO [NAME=VALUE...]: sets cpu, rss and events.
run() {
	level=$1 lua=tests/bench/$2.lua
	shift 2
	for p in "$@"; do set -- "$@" --set "$p"; shift; done
	rm -f "$db"*
	"$cost" "$tmp/cost" "$sockloom" run -q --trace="$level" -o "$db" "$@" "$lua" >"$tmp/out"
	read -r cpu wall rss <"$tmp/cost"
	events=$(ask "SELECT value FROM run WHERE key = 'events'")
}

# Full frames that reached the sinks. A frame of 1448 bytes of payload has 66 of headers.
segments() {
	ask "SELECT sum(c.value) / 1514 FROM counter c JOIN host h ON h.id = c.host WHERE h.name GLOB 'b[0-9]*'
	     AND c.name = 'rx_queue_0_bytes'"
}

dumbbell() {
	run schedule dumbbell n=100 time=3s
	seg=$(segments)
	rate=$(calc "$seg / $cpu")
	row "dumbbell, 100 pairs: segments/s" "$rate" "$(calc "$events / $seg" 1) events for each segment"
	row "dumbbell, 100 pairs: events/s" "$(calc "$events / $cpu")" "$cpu s of CPU, $rss KiB"
	run schedule dumbbell n=100 time=3s itr=0us
	seg=$(segments)
	row "dumbbell, an interrupt a packet: segments/s" "$(calc "$seg / $cpu")" \
		"$(calc "$events / $seg" 1) events for each segment"
	row "dumbbell, an interrupt a packet: events/s" "$(calc "$events / $cpu")" "$cpu s of CPU"
	peer=$build/tests/bench/ns3_dumbbell
	if [ -x "$peer" ]; then
		"$cost" "$tmp/cost" "$peer" 100 3 >"$tmp/out"
		read -r cpu _ rss <"$tmp/cost"
		theirs=$(calc "$(sed -n 's/^segments //p' "$tmp/out") / $cpu")
		row "ns-3, the same dumbbell: segments/s" "$theirs" "$cpu s of CPU, $rss KiB"
		row "sockloom : ns-3" "$(calc "$rate / $theirs" 1)" ""
	else
		row "ns-3, the same dumbbell: segments/s" "-" "libns3-dev is not installed"
	fi
}

# Does an event cost more beside hosts that do nothing? What building them costs is taken off.
crowd() {
	run schedule dumbbell n=100 time=3s
	alone=$cpu few=$events
	run schedule dumbbell n=100 time=1ms idle=50000
	setup=$cpu built=$events
	run schedule dumbbell n=100 time=3s idle=50000
	row "an event beside 50,000 idle hosts: ns" "$(calc "($cpu - $setup) * 1e9 / ($events - $built)")" \
		"alone: $(calc "$alone * 1e9 / $few")"
}

udpecho() {
	run schedule udpecho clients=100 duration=10s
	n=$(ask "SELECT sum(value) / 2 FROM counter WHERE name = 'InDatagrams'")
	row "UDP echo, 100 clients: echoes/s" "$(calc "$n / $cpu")" "$(calc "$events / $n" 1) events for each echo"
	row "UDP echo, 100 clients: events/s" "$(calc "$events / $cpu")" "$cpu s of CPU"
}

http() {
	run schedule http clients=100 duration=3s
	n=$(ask "SELECT sum(value) FROM counter WHERE name = 'PassiveOpens'")
	row "HTTP-like, 100 clients: connections/s" "$(calc "$n / $cpu")" \
		"$(calc "$events / $n" 1) events for each connection"
	row "HTTP-like, 100 clients: events/s" "$(calc "$events / $cpu")" "$cpu s of CPU"
}

# The difference of two sizes leaves out what the process itself needs.
idle() {
	run schedule idle n=10000
	small=$rss
	run schedule idle n=100000
	row "an idle host: bytes" "$(calc "($rss - $small) * 1024 / 90000")" "NIC, link, program, listening socket"
	row "100,000 hosts: seconds" "$cpu" "$rss KiB"
}

# Rows over the CPU time of the whole run, and over what tracing added to it.
trace() {
	run none dumbbell n=10 time=500ms
	base=$cpu
	tables=$(ask "SELECT group_concat('SELECT count(*) AS n FROM ' || name, ' UNION ALL ') FROM sqlite_master
		 WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
	for level in schedule syscalls packets all; do
		run $level dumbbell n=10 time=500ms
		n=$(ask "SELECT sum(n) FROM ($tables)")
		row "trace at level $level: rows/s" "$(calc "$n / $cpu")" \
			"$n rows, $(calc "$n / ($cpu - $base + 1e-9)") for each second that tracing added"
	done
}

# Of two lengths, so that starting is left out. Wall time, as the floor's: both sides run on one CPU.
hosted_call() {
	run schedule hosted how="$1" count=20000 n=1 program="$build/tests/bench/calls"
	short=$wall
	run schedule hosted how="$1" count=220000 n=1 program="$build/tests/bench/calls"
	calc "($wall - $short) / 0.2" 2
}

hosted() {
	floor=$("$build/tests/bench/floor" 200000)
	row "the least for an emulated call: us" "$floor" "a bare loop that answers getppid"
	us=$(hosted_call getppid)
	row "hosted: a call without data: us" "$us" "$(calc "$us / $floor" 2) times that"
	us=$(hosted_call send)
	row "hosted: send of 1 KiB: us" "$us" "$(calc "$us / $floor" 2) times that"
	run schedule hosted how=getppid count=1 n=1000 program="$build/tests/bench/calls"
	one=$wall
	row "hosted: start to end of one of 1,000: ms" "$(calc "$one" 2)" "static; $rss KiB in all"
	run schedule hosted how=getppid count=101 n=1000 program="$build/tests/bench/calls"
	us=$(calc "($wall - $one) * 10" 2)
	floor=$("$build/tests/bench/floor" 200000 1000)
	row "the least among 1,000 processes: us" "$floor" "the bare loop; they take turns at each call"
	row "hosted: a call among 1,000 processes: us" "$us" "$(calc "$us / $floor" 2) times that"
}

# Runs to the first failure, median and most of 20 seeds, for each strategy.
races() {
	for strategy in portfolio random pct pos delay starve faults; do
		for lua in scenarios/races/r*.lua; do
			for seed in $(seq 1 "${SEEDS:-20}"); do
				"$sockloom" explore -q -S $strategy --seed "$seed" --runs 3000 -o "$db" "$lua" |
					sed -n 's/^ *run \([0-9]*\) .*/\1/p' | grep . || echo 3001
			done | sort -n | awk -v name="$(basename "$lua" .lua)" -v s=$strategy '
				{ run[NR] = $1; found += $1 <= 3000 }
				END { m = run[int((NR + 1) / 2)]
				      printf "%-46s %14s  most %s, found with %d of %d seeds\n", s " " name,
					     m > 3000 ? "never" : m, run[NR] > 3000 ? "-" : run[NR], found, NR }'
		done
	done
}

# Schedules a second of a two-host scenario of about 100 calls, on one core and on two.
explore() {
	for j in 1 2; do
		"$cost" "$tmp/cost" "$sockloom" explore -q -j $j --runs 20000 -o "$db" tests/bench/two_hosts.lua >"$tmp/out"
		read -r cpu wall rss <"$tmp/cost"
		row "explore -j $j: schedules/s" "$(calc "20000 / $wall")" "$(calc "20000 / $cpu") for each second of CPU time"
	done
}

[ $# -gt 0 ] || set -- dumbbell crowd udpecho http idle trace hosted explore races
for name in "$@"; do "$name"; done
