#!/bin/sh
# Builds the wheel, installs it into an environment of its own and uses it from outside the repository, where neither the
# sources nor packages of the same names on the index can be what is imported. PYTHON: the interpreter to build with.
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd)
python=$(cd "$repository" && cd "$(dirname "${PYTHON:-.venv/bin/python}")" && pwd)/$(basename "${PYTHON:-python}")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT INT TERM

"$python" -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir "$place/wheel" "$repository"
"$python" -m venv "$place/venv"
"$place/venv/bin/python" -m pip --disable-pip-version-check install --quiet "$place"/wheel/windform-*.whl

cp "$repository/scripts/wheel_smoke.py" "$place/"
cd "$place"
"$place/venv/bin/python" -I wheel_smoke.py "$repository"
for command in wind-fleet wind-sim; do
    "$place/venv/bin/$command" --help >/dev/null
    "$place/venv/bin/$command" --version
done
"$place/venv/bin/wind-fleet" inspect penmanshiel
"$place/venv/bin/wind-fleet" report penmanshiel --out "$place/report" --quiet
echo "the wheel works outside the repository"
