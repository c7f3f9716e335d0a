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
# What judges the page's accessibility is a script of npm's registry, fetched once.
axe_version=4.14.1
axe_sum=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
axe="${XDG_CACHE_HOME:-$HOME/.cache}/headwind/axe-core-$axe_version"
[ -e "$axe/axe.min.js" ] || command -v npm >/dev/null 2>&1 || wanted="$wanted npm"
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests that run them:" $wanted
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq $wanted >/dev/null || true
fi
# The broker is no package of Debian's: its jars come from where Maven looks, once.
libs="${XDG_CACHE_HOME:-$HOME/.cache}/headwind/kafka-4.4.0"
if [ ! -e "$libs/complete" ] && command -v mvn >/dev/null 2>&1; then
    echo "Fetching Kafka into $libs (once, 43 MB)"
    mvn -q -B -f "$here/deploy/servers/kafka.pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$libs" >/dev/null && touch "$libs/complete" || true
fi
if [ ! -e "$axe/axe.min.js" ] && command -v npm >/dev/null 2>&1; then
    echo "Fetching axe-core into $axe (once)"
    part=$(mktemp -d)
    (cd "$part" && npm pack --silent "axe-core@$axe_version" >/dev/null &&
        tar -xzf "axe-core-$axe_version.tgz" package/axe.min.js &&
        echo "$axe_sum  package/axe.min.js" | sha256sum --check --quiet && mkdir -p "$axe" &&
        mv package/axe.min.js "$axe/axe.min.js") || true
    rm -rf "$part"
fi
