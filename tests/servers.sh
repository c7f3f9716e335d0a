#!/bin/sh
# Installs the programs that tests run for real, where that is possible without asking: as root
# on Debian. Elsewhere the tests that need one say so and skip (with CI=true they fail).
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
wanted=
command -v chromium >/dev/null 2>&1 || wanted="chromium fonts-dejavu"
command -v prometheus-alertmanager >/dev/null 2>&1 || wanted="$wanted prometheus-alertmanager"
command -v promtool >/dev/null 2>&1 || wanted="$wanted prometheus"
command -v java >/dev/null 2>&1 || wanted="$wanted openjdk-17-jre-headless"
command -v mvn >/dev/null 2>&1 || wanted="$wanted maven"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null 2>&1 ||
    wanted="$wanted postgresql"
# What judges the page's accessibility, and the keys of Grafana's boards, comes from npm's registry.
command -v npm >/dev/null 2>&1 || wanted="$wanted npm"
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests that run them:" $wanted
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq $wanted >/dev/null || true
fi
# The broker is no package of Debian's: its jars come from where Maven looks, once.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/headwind"
libs="$cache/kafka-4.4.0"
if [ ! -e "$libs/complete" ] && command -v mvn >/dev/null 2>&1; then
    echo "Fetching Kafka into $libs (once, 43 MB)"
    mvn -q -B -f "$here/deploy/servers/kafka.pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$libs" >/dev/null && touch "$libs/complete" || true
fi
# A package of npm's, once: its name, version, and the sum of its archive.
fetched() {
    place="$cache/$(echo "$1" | tr -d @ | tr / -)-$2"
    if [ -e "$place/package.json" ] || ! command -v npm >/dev/null 2>&1; then return; fi
    echo "Fetching $1 into $place (once)"
    part=$(mktemp -d)
    (cd "$part" && npm pack --silent "$1@$2" >/dev/null && echo "$3  $(ls *.tgz)" |
        sha256sum --check --quiet && tar -xzf *.tgz && mkdir -p "$cache" &&
        rm -rf "$place" && mv package "$place") || true
    rm -rf "$part"
}
fetched axe-core 4.14.1 e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
fetched @grafana/schema 12.4.0 09762d9ec8762e764919f9d16d19a461db3808ffd069ac269f836ca714d62a0e
fetched typescript 5.9.3 10e108c9cf7d5f2879053dff18515fb405abf2ccef63eaaf017d9c571687a1d3
