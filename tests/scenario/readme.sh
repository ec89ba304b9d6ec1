#!/bin/sh
# SPDX-License-Identifier: MIT
# Holds README.md against the program: the scenario that it shows is the one that ships, its output is what
# that gives, its queries run. Usage: readme.sh SOCKLOOM
set -u
sockloom=$1
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
fail() {
	echo "not ok: README.md: $1"
	failed=$((failed + 1))
}

awk '/^```lua$/ && !seen { on = seen = 1; next } /^```$/ { on = 0 } on' README.md >"$tmp/hello.lua"
cmp -s "$tmp/hello.lua" scenarios/hello.lua || fail "its first scenario is not scenarios/hello.lua"

awk '/^\$ \.\/sockloom run scenarios\/hello\.lua$/ { on = 1; next } /^```$/ { on = 0 } on' README.md >"$tmp/shown"
(cd "$tmp" && "$sockloom" run -o hello.db "$OLDPWD/scenarios/hello.lua") >"$tmp/real" 2>&1
# The hash covers the scenario's path: not compared.
grep -v '^hash' "$tmp/shown" >"$tmp/a"
grep -v '^hash' "$tmp/real" >"$tmp/b"
diff "$tmp/a" "$tmp/b" || fail "the output of the first scenario has changed"

"$sockloom" run -q --trace=all -o "$tmp/web.db" scenarios/web.lua || fail "scenarios/web.lua"
awk '/^```sql$/ { on = 1; next } /^```$/ { on = 0 } on && !/^--/' README.md >"$tmp/queries"
while read -r query; do
	"$sockloom" show "$tmp/web.db" --sql "${query%;}" >"$tmp/out" 2>&1 || fail "$query: $(cat "$tmp/out")"
	[ "$(wc -l <"$tmp/out")" -gt 1 ] || fail "$query: no rows"
done <"$tmp/queries"
[ "$(wc -l <"$tmp/queries")" = 5 ] || fail "five queries are promised"
echo "readme: $failed failed"
[ "$failed" = 0 ]
