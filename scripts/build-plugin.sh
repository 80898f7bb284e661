#!/usr/bin/env bash
# Builds recipes as release wasm components.
# usage: scripts/build-plugin.sh NAME...|--all
#
# NAME is a folder in plugins/ or tests/recipes/. Components end in
# target/recipes/wasm32-wasip2/recipe/.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

limit=$((300 * 1024))
cd "$ROOT"

known() {
    for manifest in plugins/*/Cargo.toml tests/recipes/*/Cargo.toml; do
        [ -e "$manifest" ] || continue
        name=$(basename "$(dirname "$manifest")")
        [ "$name" = sdk ] || printf '%s\n' "$name"
    done
}
package() {
    if [ -e "plugins/$1/Cargo.toml" ] && [ "$1" != sdk ]; then
        printf 'bakehouse-recipe-%s\n' "$1"
    elif [ -e "tests/recipes/$1/Cargo.toml" ]; then
        printf 'bakehouse-test-recipe-%s\n' "$1"
    else
        die "there is no recipe \`$1\`" "known recipes: $(known | paste -sd ' ')"
    fi
}

[ $# -gt 0 ] || die "name a recipe" "known recipes: $(known | paste -sd ' ')"
[ "$1" != --all ] || mapfile -t all < <(known)
[ "$1" != --all ] || set -- "${all[@]}"

packages=()
for name; do packages+=("$(package "$name")"); done
environment=$("$ROOT/scripts/wasm-toolchain.sh")
eval "$environment"

# A folder of its own: another rustc would make cargo rebuild the host.
export CARGO_TARGET_DIR=$ROOT/target/recipes
cargo build --quiet "${locked[@]}" --profile recipe --target wasm32-wasip2 "${packages[@]/#/--package=}"

for name in "${packages[@]}"; do
    wasm=$CARGO_TARGET_DIR/wasm32-wasip2/recipe/${name//-/_}.wasm
    size=$(stat -c %s "$wasm")
    printf '%s  %d KB\n' "${wasm#"$ROOT"/}" $((size / 1024)) >&2
    [ "$size" -le $limit ] || die "$name is larger than 300 KB" "drop dependencies, or their default features"
done
