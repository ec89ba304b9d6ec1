#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every shipped scenario with each checked outcome: its checks hold, its trace replays to the byte,
# and tshark finds nothing wrong in its packets. Scenarios under tests/scenario are run as well; one whose
# first line says "-- expect: N" must end with that exit status instead.
# Usage: run.sh SOCKLOOM [SCENARIO...]
set -u
sockloom=$1
shift
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- $(find scenarios tests/scenario -name '*.lua' -not -path '*/lib/*' | LC_ALL=C sort)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
say() { # ok?, name, detail
	if [ "$1" = 0 ]; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		echo "not ok: $2"
		[ -s "$3" ] && sed 's/^/    /' "$3" | head -20
	fi
}
# Each interface's capture on its own, as Wireshark would see that wire. Warnings that a scenario causes on
# purpose it explains in a line "-- tshark: text, text" with a part of each message.
captures() {
	db=$1 lua=$2
	command -v tshark >/dev/null 2>&1 || return 0
	rm -rf "$tmp/pcap"
	"$sockloom" export --pcapng "$db" -o "$tmp/pcap" >"$tmp/out" 2>&1 || return 1
	: >"$tmp/bad"
	for file in "$tmp"/pcap/*.pcapng; do
		tshark -r "$file" -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
			-o ip.check_checksum:TRUE -o tcp.desegment_tcp_streams:FALSE -o ip.defragment:FALSE \
			-Y '_ws.malformed || tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0 || _ws.expert.severity >= 0x600000' \
			-T fields -e frame.number -e _ws.expert.message 2>"$tmp/err" |
			sed "s|^|${file##*/} frame |" >>"$tmp/bad"
	done
	sed -n 's/^-- tshark: //p' "$lua" | tr ',' '\n' | sed 's/^ *//; /^$/d' >"$tmp/allowed"
	if [ -s "$tmp/allowed" ]; then grep -vFf "$tmp/allowed" "$tmp/bad" >"$tmp/out"; else cp "$tmp/bad" "$tmp/out"; fi
	[ ! -s "$tmp/out" ]
}
for lua in "$@"; do
	want=$(sed -n '1s/^-- expect: \([0-9]*\).*/\1/p' "$lua")
	"$sockloom" run -q -o "$tmp/t.db" "$lua" >"$tmp/out" 2>&1
	rc=$?
	[ "$rc" = "${want:-0}" ]
	say $? "$lua: exit status $rc, not ${want:-0}" "$tmp/out"
	[ -f "$tmp/t.db" ] || continue
	"$sockloom" replay -q "$tmp/t.db" >"$tmp/out" 2>&1
	say $? "$lua: replay" "$tmp/out"
	captures "$tmp/t.db" "$lua"
	say $? "$lua: its packets, as tshark sees them" "$tmp/out"
	rm -f "$tmp/t.db"*
done
echo "scenarios: $passed passed, $failed failed"
[ "$failed" = 0 ]
