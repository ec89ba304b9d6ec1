#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Real programs, unmodified, in scenarios: each must pass its checks, and write the same trace twice.
# A scenario whose programs are not installed is skipped, with their names.
#
#   [SECOND=OTHER_SOCKLOOM] tests/programs/run.sh SOCKLOOM [NAME...]
# With SECOND the second run is another build's.
set -u
sockloom=$(realpath "$1")
second=$(realpath "${SECOND:-$1}")
shift
cd "$(dirname "$0")/../.." || exit 2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
built=build/programs
mkdir -p $built

# What is compiled here, and with what.
build() {
	case $1 in
	ends) ${CC:-gcc} -O0 -Wall -Wno-null-dereference -Wno-infinite-recursion -D_GNU_SOURCE -o $built/ends tests/programs/src/ends.c ;;
	any_call) ${CC:-gcc} -O1 -Wall -Werror -static -o $built/any_call tests/programs/src/any_call.c ;;
	threads) ${CC:-gcc} -O1 -Wall -Werror -pthread -o $built/threads tests/programs/src/threads.c ;;
	echo_static) ${CC:-gcc} -O1 -Wall -Werror -static -o $built/echo_static tests/programs/src/echo_static.c ;;
	hello_go) command -v go > "$out/go" &&
		GOCACHE=$PWD/$built/go-cache GOFLAGS=-mod=mod CGO_ENABLED=0 go build -o $built/hello_go tests/programs/src/hello.go ;;
	*) return 1 ;;
	esac
}

missing() {
	local name
	for name in $(sed -n 's/^-- needs: //p' "$1"); do
		command -v "$name" > "$out/which" && continue
		[ -x "$built/$name" ] && [ -z "$(find tests/programs/src -newer "$built/$name")" ] && continue
		build "$name" && continue
		# What is here must compile where there is a compiler; what is not here is not installed.
		if ls tests/programs/src/"$name".c > "$out/which" 2>&1 && command -v "${CC:-gcc}" > "$out/which"; then
			touch "$out/broken"
		fi
		echo "$name"
	done
}

failed=0 passed=0 skipped=0
for f in tests/programs/*.lua; do
	name=$(basename "$f" .lua)
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	lacking=$(missing "$f")
	if [ -e "$out/broken" ]; then
		echo "FAIL $name: does not compile:" $lacking
		rm "$out/broken"
		failed=$((failed + 1))
		continue
	fi
	if [ -n "$lacking" ]; then
		echo "skipped $name: not installed:" $lacking
		skipped=$((skipped + 1))
		continue
	fi
	ok=1
	for i in 1 2; do
		[ $i = 1 ] && binary=$sockloom || binary=$second
		if ! timeout 300 "$binary" run -o "$out/$name.$i.db" "$f" > "$out/log" 2>&1; then
			echo "FAIL $name (run $i)"
			cat "$out/log"
			ok=0
			break
		fi
	done
	if [ $ok = 1 ] && ! cmp -s "$out/$name.1.db" "$out/$name.2.db"; then
		echo "FAIL $name: two runs differ"
		"$sockloom" diff "$out/$name.1.db" "$out/$name.2.db" | head -40
		ok=0
	fi
	rm -f "$out/$name".*.db
	if [ $ok = 1 ]; then
		echo "ok   $name"
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
# When sockloom is killed, no hosted process survives it.
if [ $# -eq 0 ] || [[ " $* " == *" survivors "* ]]; then
	"$sockloom" exec -- /bin/sh -c "sleep 86399 & echo up; while :; do :; done" > "$out/survivors" &
	pid=$!
	for i in $(seq 100); do grep -q up "$out/survivors" && break; sleep 0.1; done
	kill -9 $pid
	wait $pid 2> "$out/killed"
	left=1
	for i in $(seq 50); do pgrep -f 'sleep 8639[9]' > "$out/left" || { left=0; break; }; sleep 0.1; done
	if [ $left = 0 ]; then
		echo "ok   survivors"
		passed=$((passed + 1))
	else
		echo "FAIL survivors: $(cat "$out/left")"
		failed=$((failed + 1))
	fi
fi
echo "programs: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
