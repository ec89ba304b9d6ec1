#!/bin/sh
# SPDX-License-Identifier: MIT
# Nothing is accepted and ignored: every setting that has a row in stack/sysctl.c is read somewhere.
set -eu
cd "$(dirname "$0")/../.."
rows=0 bad=0
for row in $(tr '\n' ' ' <stack/sysctl.c | grep -oE '(INT|U32|BOOL|NSEC|VEC|CORE)\("net\.[a-z0-9_.]+", *[a-z_0-9]+' |
	sed 's/.*("//; s/", */=/'); do
	rows=$((rows + 1))
	if ! grep -qE "(\.|->)${row#*=}\b" $(find sim nic stack -name '*.c' -not -name sysctl.c -not -path stack/net.c); then
		echo "stack/sysctl.c: ${row%=*} is read nowhere"
		bad=$((bad + 1))
	fi
done
echo "sysctl: $rows rows, $bad ignored"
[ "$rows" -gt 50 ] && [ "$bad" = 0 ]
