#!/usr/bin/env bash
# The project's tests: format, lints, recipes, unit and integration tests.
# usage: scripts/test.sh [FILTER...]        (as for `cargo test -- FILTER...`)
#
# What it starts, it stops, however it ends.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

stop() {
    [ "$buildkit" = running ] || "$ROOT/scripts/buildkit.sh" down
    [ "$engine" = running ] || "$ROOT/scripts/engine.sh" down
    [ "$qemu" = running ] || "$ROOT/scripts/qemu.sh" down
}
state() { if "$ROOT/scripts/$1.sh" status | grep -q ' not '; then echo stopped; else echo running; fi; }
engine=$(state engine) qemu=$(state qemu) buildkit=$(state buildkit)
trap stop EXIT
trap 'exit 130' INT TERM

say "format and lints"
cargo fmt --all --check
cargo clippy --quiet "${locked[@]}" --workspace --all-targets -- -D warnings
say "recipes"
"$ROOT/scripts/build-plugin.sh" --all
say "engine, BuildKit, QEMU, registry"
"$ROOT/scripts/up.sh" all
environment=$("$ROOT/scripts/env.sh")
eval "$environment"
say "tests"
cargo test "${locked[@]}" --workspace -- "$@"
