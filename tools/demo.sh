#!/bin/sh
# SPDX-License-Identifier: MIT
# The demo: a scenario, its summary, and a stretch of its timeline with packets beside system calls.
set -eu
db=$(mktemp -d)/web.db
trap 'rm -rf "$(dirname "$db")"' EXIT
echo '$ ./sockloom run --trace=all scenarios/web.lua'
./sockloom run --trace=all -o "$db" scenarios/web.lua
echo
echo '$ ./sockloom show web.db'
./sockloom show "$db"
echo
echo '$ ./sockloom show web.db --timeline       (the first request, from connect() to its answer)'
./sockloom show "$db" --timeline --to 12ms | sed -n '1,60p'
echo
echo 'Next: README.md explains this scenario, and what else show, replay, diff and export can do.'
