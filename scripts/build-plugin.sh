#!/usr/bin/env bash
# Builds recipes of this project with `bakehouse recipe build`.
# usage: scripts/build-plugin.sh NAME...|--all
#
# NAME is a folder in plugins/ or tests/recipes/; --all has those of the tests, too. BAKEHOUSE_PROGRAM
# is the program that does it, else the one that was built last; where there is none, it is compiled first.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

limit=300
cd "$ROOT"

[ $# -gt 0 ] || die "name a recipe, or --all"
program=${BAKEHOUSE_PROGRAM:-$BUILT/bakehouse}
if ! "$program" recipe build --help >/dev/null 2>&1; then
    shipped=$("$ROOT/scripts/shipped.sh")
    eval "$shipped"
    cargo build --quiet "${locked[@]}" --package bakehouse
    program=$BUILT/bakehouse
fi
environment=$("$ROOT/scripts/wasm-toolchain.sh")
eval "$environment"

crates=()
for name; do
    case $name in
    --all) crates+=(--all tests/recipes/*/) ;;
    *) if [ -e "tests/recipes/$name/Cargo.toml" ]; then crates+=("tests/recipes/$name"); else crates+=("$name"); fi ;;
    esac
done
made=$("$program" --quiet recipe build "${crates[@]}")
printf '%s\n' "$made" >&2
while read -r component size _; do
    [ "$size" -le $limit ] || die "$component is larger than $limit KB" "drop dependencies, or their default features"
done <<<"$made"
