#!/bin/sh
# SPDX-License-Identifier: MIT
# Conformance: the programs here print the results of system calls; what Linux printed is in NAME.out.
#   run.sh linux [NAME...]          on the running kernel, each in a fresh network namespace; needs root
#   run.sh sim SOCKLOOM [NAME...]   under `sockloom exec`; needs no privilege
#   run.sh record [NAME...]         writes NAME.out from the running kernel; two runs must agree
# A line " * build: FLAGS" in a program's first comment gives the compiler more flags (-static). One with
# " * differs: WHY" is run when it is named, and else left out, and its line printed.
set -u
usage() { sed -n '4,6s/^#   //p' "$0" >&2; exit 2; }
[ $# -ge 1 ] || usage
mode=$1
shift
sockloom=
if [ "$mode" = sim ]; then
	[ $# -ge 1 ] || usage
	sockloom=$(realpath "$1")
	shift
fi
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
bin=$top/build/conformance
limit=${CONFORMANCE_TIMEOUT:-30}
if ! command -v gcc >/dev/null; then
	echo "conformance: gcc is not installed, which compiles the programs (apt-get install gcc)" >&2
	exit 2
fi
mkdir -p "$bin"
cd "$here" || exit 2
if [ $# -eq 0 ]; then
	grep -s '^ \* differs: ' ./*.c | sed 's|^\./\(.*\)\.c: \* differs: |left out: \1: |'
	set -- $(grep -Ls '^ \* differs: ' ./*.c | sed 's|^\./||; s|\.c$||' | grep -vx transcript | LC_ALL=C sort)
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

header() { sed -n "s/^ \\* $2: //p" "$1.c" | head -1; } # name, key

# Wrong calls are made on purpose: the compiler need not say so.
odd='-Wno-nonnull -Wno-stringop-overflow -Wno-stringop-overread -Wno-unused-result'
build() { # name
	for src in "$1.c" transcript.c *.h; do
		if [ ! -x "$bin/$1" ] || [ "$src" -nt "$bin/$1" ]; then
			gcc -std=gnu17 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror $odd -o "$bin/$1.$$" \
				"$1.c" transcript.c $(header "$1" build) -pthread && mv "$bin/$1.$$" "$bin/$1"
			return
		fi
	done
}

# Standard input is empty, the directory is fresh: names of files do not depend on where this is.
run_linux() { # name, output
	rm -rf "$tmp/dir" && mkdir "$tmp/dir"
	(cd "$tmp/dir" && timeout -k 1 "$limit" unshare -n sh -c 'ip link set lo up && exec "$0"' "$bin/$1") \
		>"$2" 2>"$2.err" </dev/null
}
run_sim() {
	rm -rf "$tmp/dir" && mkdir "$tmp/dir"
	(cd "$tmp/dir" && timeout -k 1 "$limit" "$sockloom" exec -- "$bin/$1") >"$2" 2>"$2.err" </dev/null
}
# How it ended, as a line of the transcript: nothing for 0.
ending() { # status, output
	case $1 in
	0) ;;
	124 | 137) echo "[timed out after $limit s]" >>"$2" ;;
	*) echo "[exit status $1]" >>"$2" ;;
	esac
	sed 's/^/[stderr] /' "$2.err" >>"$2"
}
once() { # linux or sim, name, output
	"run_$1" "$2" "$3"
	ending $? "$3"
}

case $mode in
linux | record)
	if ! unshare -n true 2>/dev/null; then
		echo "conformance: $mode needs root: each program runs in a network namespace of its own" >&2
		[ "$mode" = linux ] && exit 77
		exit 2
	fi ;;
sim) ;;
*) usage ;;
esac

passed=0 failed=0 lines=0
for name in "$@"; do
	build "$name" || { failed=$((failed + 1)); continue; }
	if [ "$mode" = record ]; then
		once linux "$name" "$tmp/a"
		once linux "$name" "$tmp/b"
		if ! diff -u "$tmp/a" "$tmp/b" >"$tmp/diff"; then
			echo "not ok: $name: two runs on Linux differ; not recorded"
			sed 's/^/    /' "$tmp/diff"
			failed=$((failed + 1))
			continue
		fi
		if grep -q '^\[\(timed out\|exit status\|stderr\)' "$tmp/a"; then
			echo "not ok: $name: failed on Linux; not recorded"
			grep '^\[' "$tmp/a" | sed 's/^/    /'
			failed=$((failed + 1))
			continue
		fi
		cp "$tmp/a" "$name.out"
	else
		once "$mode" "$name" "$tmp/a"
		if [ ! -f "$name.out" ]; then
			echo "not ok: $name: no transcript is recorded (run.sh record $name)"
			failed=$((failed + 1))
			continue
		fi
		if ! diff -u --label "$name on Linux 6.18" --label "$name, $mode" "$name.out" "$tmp/a" >"$tmp/diff"; then
			echo "not ok: $name"
			sed 's/^/    /' "$tmp/diff"
			failed=$((failed + 1))
			continue
		fi
	fi
	lines=$((lines + $(wc -l <"$tmp/a")))
	passed=$((passed + 1))
done
echo "conformance ($mode): $lines lines compared"
echo "conformance: $passed passed, $failed failed"
[ "$failed" = 0 ]
