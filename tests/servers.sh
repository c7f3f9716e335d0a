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
