#!/bin/sh
# SPDX-License-Identifier: MIT
# What could make two runs differ, or a global: none of it outside the few files that say why.
set -eu
cd "$(dirname "$0")/../.."
bad=0
check() { # pattern, what, files that may
	out=$(grep -nE "$1" $(find sim nic stack -name '*.[ch]' | LC_ALL=C sort) |
		grep -vE "^($3):" | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)' || true)
	if [ -n "$out" ]; then
		echo "$2:"
		echo "$out"
		bad=$((bad + 1))
	fi
}
check '(^|[^_a-zA-Z0-9.>])(rand|srand|random|drand48|time|clock|gettimeofday|clock_gettime|getenv|setlocale)\(' \
	'a real clock, C randomness or the environment' 'sim/process/hosted_(world|tracee).c'
check '"[^"]*%[-0-9]*p[^a-zA-Z]*"' 'an address in text' 'none'
# No global state: two simulations can live in one process (sim/engine/sim.h).
lib=${LIB:-build/gcc/libsockloom.a}
# What signal handlers can reach.
out=$(nm -f sysv "$lib" 2>/dev/null | grep -vE '^(hosted_child_event|hosted_tsc_allowed|before) ' |
	awk -F'|' '$NF ~ /^\.(data|bss)/ && $NF !~ /rel\.ro/ { print $1 $NF }')
if [ -n "$out" ]; then
	echo "mutable variables at file scope:"
	echo "$out"
	bad=$((bad + 1))
fi
files=$(find sim nic stack -name '*.[ch]' | wc -l)
echo "banned: $files files, $bad kinds of offence"
[ "$bad" = 0 ]
