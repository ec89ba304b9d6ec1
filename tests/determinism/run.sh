#!/bin/sh
# SPDX-License-Identifier: MIT
# Each shipped scenario with each seed: the traces of two runs, one by each of two builds (gcc and clang),
# are equal to the byte. Usage: run.sh SOCKLOOM OTHER-SOCKLOOM [SEEDS]
set -u
a=$1 b=$2 seeds=${3:-20}
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
for lua in $(find scenarios -name '*.lua' -not -path '*/lib/*' | LC_ALL=C sort); do
	seed=1
	while [ "$seed" -le "$seeds" ]; do
		# Addresses, environment, locale and working folder must not matter. Checks need not hold.
		"$a" run -q -s "$seed" -t all -o "$tmp/a.db" "$lua" >/dev/null 2>&1 &
		# Real programs see the names of their private folders, which differ if runs overlap.
		! grep -q 'spawn{' "$lua" || wait
		(LC_ALL=C.UTF-8 TZ=Asia/Tokyo SOCKLOOM_NOISE=$seed MALLOC_PERTURB_=$seed \
			"$b" run -q -s "$seed" -t all -o "$tmp/b.db" "$lua" >/dev/null 2>&1)
		wait
		if cmp -s "$tmp/a.db" "$tmp/b.db"; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			echo "not ok: $lua, seed $seed: the traces differ"
			"$a" diff "$tmp/a.db" "$tmp/b.db" 2>&1 | sed 's/^/    /' | head -12
		fi
		rm -f "$tmp"/*.db*
		seed=$((seed + 1))
	done
done
echo "determinism: $passed passed, $failed failed"
[ "$failed" = 0 ]
