#!/usr/bin/env bash
# Compiles the recipes that the program ships, and prints the environment in which the program is then built, for `eval`.
#
# They are the crates in plugins/ that say `shipped = true` under [package.metadata.bakehouse]; each is shipped by the name
# of its folder. Where there is none, nothing is printed.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

mapfile -t manifests < <(grep --files-with-matches '^shipped = true$' plugins/*/Cargo.toml || true)
[ ${#manifests[@]} -gt 0 ] || exit 0

environment=$("$ROOT/scripts/wasm-toolchain.sh")
eval "$environment"
[ -z "${BAKEHOUSE_WASM_RUSTC:-}" ] || export RUSTC=$BAKEHOUSE_WASM_RUSTC
made=$(dirname "$BUILT")/recipes folder=$(dirname "$BUILT")/shipped
mkdir -p "$folder"
keep=()
for manifest in "${manifests[@]}"; do
    name=$(basename "$(dirname "$manifest")") package=$(sed -n 's/^name = "\(.*\)"$/\1/p' "$manifest" | head -1)
    cargo build --quiet "${locked[@]}" --profile recipe --target wasm32-wasip2 --target-dir "$made" --package "$package" >&2
    wasm=$made/wasm32-wasip2/recipe/${package//-/_}.wasm
    # Untouched where it is the same: the program is not built again for it.
    cmp --silent "$wasm" "$folder/$name.wasm" || install -m 644 "$wasm" "$folder/$name.wasm"
    keep+=(! -name "$name.wasm")
done
find "$folder" -name '*.wasm' "${keep[@]}" -delete
printf 'export BAKEHOUSE_SHIPPED=%q\n' "$folder"
