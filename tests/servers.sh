#!/bin/sh
# Installs the programs that tests run for real, where that is possible without asking: as root
# on Debian. Elsewhere the tests that need one say so and skip (with CI=true they fail).
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing chromium for the tests that look at the page"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq chromium fonts-dejavu >/dev/null || true
fi
