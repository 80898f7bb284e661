#!/usr/bin/env bash
# Measures bakehouse against docker, buildx, crane and skopeo on this machine;
# prints the tables of docs/benchmarks.md.
# usage: scripts/bench.sh [--rounds N] [--before PROGRAM] [merge|check|build|plan|many|cross|push]...
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

say "bakehouse, optimised"
environment=$("$ROOT/scripts/shipped.sh")
eval "$environment"
cargo build --quiet "${locked[@]}" --release --package bakehouse --package bakehouse-bench
"$ROOT/scripts/build-plugin.sh" misbehave crosshello
"$ROOT/scripts/up.sh" all
"$ROOT/scripts/skopeo.sh"
environment=$("$ROOT/scripts/env.sh")
eval "$environment"
target=${CARGO_TARGET_DIR:-$ROOT/target}
say "measuring; leave the machine alone"
exec "$target/release/bakehouse-bench" run --program "$target/release/bakehouse" "$@"
