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
echo '$ ./sockloom show web.db --host server --from 281us --to 345us'
echo '# the first request: two packets in RX queue 1, an interrupt on CPU 1, a NAPI poll, a new connection,'
echo '# the server woken from epoll_wait() on CPU 0, accept(), recv(), and an answer on its way'
./sockloom show "$db" --host server --from 281us --to 345us
echo
echo 'Next: README.md explains this scenario, and what else show, replay, diff and export can do.'
