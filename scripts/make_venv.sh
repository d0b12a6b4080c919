#!/bin/sh
# Creates the environment, or says in words what the machine lacks: make_venv.sh PYTHON FOLDER
set -eu
python=$1
venv=$2

if ! command -v "$python" >/dev/null 2>&1; then
    echo "error: $python was not found; windform needs Python 3.11 or newer (another one: make PYTHON=python3.12 ...)" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    found=$("$python" -c 'import platform; print(platform.python_version())')
    echo "error: $python is Python $found; windform needs 3.11 or newer (another one: make PYTHON=python3.12 ...)" >&2
    exit 1
fi
# Debian and Ubuntu ship `venv` without `ensurepip`: creating the environment would fail half-way.
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    echo "error: $python cannot create virtual environments." >&2
    echo "       On Debian and Ubuntu: sudo apt install python3-venv" >&2
    exit 1
fi
if ! "$python" -m venv "$venv"; then
    rm -rf "$venv"
    echo "error: $python -m venv $venv failed. On Debian and Ubuntu: sudo apt install python3-venv" >&2
    exit 1
fi
echo "created $venv with $("$venv/bin/python" --version); installing takes a minute or two"
