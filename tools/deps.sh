#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing, by apt-get, after saying what; or prints the list where there is no apt-get.
# Usage: deps.sh build|check
set -eu

need=
want() { # test-command package
	if ! eval "$1" >/dev/null 2>&1; then need="$need $2"; fi
}
lib() { want "pkg-config --exists $1" "$2"; }

want 'command -v ${CC:-gcc}' gcc
want 'command -v pkg-config' pkg-config
lib sqlite3 libsqlite3-dev
lib lua5.4 liblua5.4-dev
lib libpcap libpcap-dev
lib libxxhash libxxhash-dev
if [ "${1:-build}" = check ]; then
	lib cmocka libcmocka-dev
	want 'command -v clang' clang
	want 'command -v clang-tidy' clang-tidy
	want 'command -v cppcheck' cppcheck
	want 'command -v tshark' tshark
	# What tests/programs runs.
	for p in curl nginx redis-server memcached iperf3 haproxy socat wrk python3; do
		want "command -v $p || test -x /usr/sbin/$p" $p
	done
	want 'command -v redis-benchmark' redis-tools
	want 'command -v ping' iputils-ping
	want 'command -v tcpdump || test -x /usr/sbin/tcpdump' tcpdump
	want 'command -v ip' iproute2
	want 'command -v ethtool || test -x /usr/sbin/ethtool' ethtool
	want 'command -v go' golang-go
	# clang's sanitizers and libFuzzer are a package that is named after its version.
	if ! ls /usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.fuzzer* >/dev/null 2>&1 && command -v apt-cache >/dev/null 2>&1; then
		[ "$(id -u)" != 0 ] || apt-get update -qq || true
		version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
		[ -z "$version" ] || need="$need libclang-rt-$version-dev"
	fi
fi
[ -n "$need" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "These Debian packages, or what your system calls them, are missing:" >&2
	echo " $need" >&2
	exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "Please install, as root: apt-get install$need" >&2
		exit 1
	fi
	sudo=sudo
fi
echo "Installing with apt-get:$need"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# Servers among them are for the tests, and need not start.
$sudo env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $need >/dev/null
