#!/bin/sh
# Makes .venv in the checkout with the Python named by $PYTHON. Debian keeps what venv needs in a
# package of its own; as root it is installed here, and anyone else is told the command.
set -eu
if [ -z "${PYTHON:-}" ]; then
    echo "Headwind needs Python 3.11 or later, and none is on the path." >&2
    echo "Install one, or name it: make PYTHON=/path/to/python3.12 …" >&2
    exit 1
fi
make_venv() {
    "$PYTHON" -m venv .venv >/dev/null 2>&1 && return 0
    rm -rf .venv
    return 1
}
make_venv && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Python's venv module is missing; installing the Debian package python3-venv"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null && make_venv && exit 0
fi
echo "$PYTHON cannot make a virtual environment:" >&2
"$PYTHON" -m venv .venv >&2 || true
rm -rf .venv
echo "On Debian or Ubuntu: sudo apt-get install python3-venv, then run make again." >&2
exit 1
