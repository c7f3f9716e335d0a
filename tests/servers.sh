#!/bin/sh
# Installs the programs that tests run for real, where that is possible without asking: as root
# on Debian. Elsewhere the tests that need one say so and skip (with CI=true they fail).
set -eu
wanted=
command -v chromium >/dev/null 2>&1 || wanted="chromium fonts-dejavu"
command -v prometheus-alertmanager >/dev/null 2>&1 || wanted="$wanted prometheus-alertmanager"
command -v promtool >/dev/null 2>&1 || wanted="$wanted prometheus"
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests that run them:" $wanted
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq $wanted >/dev/null || true
fi
