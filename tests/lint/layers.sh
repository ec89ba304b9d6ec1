#!/bin/sh
# SPDX-License-Identifier: MIT
# A folder includes only from folders before it: sim/engine < sim/host < nic < stack < sim/process <
# sim/scenario < tools. Prints each include that goes the other way.
set -eu
cd "$(dirname "$0")/../.."
awk '
BEGIN {
	n = split("sim/engine sim/host nic stack sim/process sim/scenario tools", order, " ")
	for (i = 1; i <= n; i++) rank[order[i]] = i
}
function folder(path,   i) {
	for (i in rank) if (index(path, i "/") == 1) return i
	return ""
}
/^#include "/ {
	split($0, part, "\"")
	from = folder(FILENAME); to = folder(part[2])
	if (to == "") { print FILENAME ":" FNR ": include is not rooted at the top: " part[2]; bad++ }
	else if (rank[to] > rank[from]) { print FILENAME ":" FNR ": " from "/ may not include " part[2]; bad++ }
	checked++
}
END {
	print "layers: " checked " includes, " bad + 0 " wrong"
	exit bad > 0
}' $(find sim nic stack tools -name '*.[ch]' | LC_ALL=C sort)
