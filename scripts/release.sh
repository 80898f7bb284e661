#!/usr/bin/env bash
# Builds a static bakehouse and packs it.
# usage: scripts/release.sh TARGET FOLDER       (TARGET: a Rust target, best one with musl)
#
# The same sources make the same program, and scripts/pack.sh the same archive of it.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

[ $# = 2 ] || die "usage: scripts/release.sh TARGET FOLDER"
target=$1 folder=$2

# One compiler for C, too: some crates bring their own.
case $target in
*-musl)
    command -v musl-gcc >/dev/null || die "there is no musl-gcc" "install Debian's musl-tools"
    export "CC_${target//-/_}=musl-gcc"
    # The allocator would take huge pages: each thread of a program that runs for a tenth of a second clears 2 MB first.
    export "CFLAGS_${target//-/_}=-DMI_DEFAULT_ALLOW_THP=0"
    ;;
esac
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static --remap-path-prefix=$ROOT=. --remap-path-prefix=$cargo_home=cargo"
# In a release job: the program knows where it is from.
if [ "${GITHUB_REF_TYPE:-}" = tag ]; then
    export BAKEHOUSE_REPOSITORY=${BAKEHOUSE_REPOSITORY:-$GITHUB_REPOSITORY} BAKEHOUSE_RELEASE=${BAKEHOUSE_RELEASE:-$GITHUB_REF_NAME}
    export BAKEHOUSE_COMMIT=${BAKEHOUSE_COMMIT:-$GITHUB_SHA}
fi
environment=$("$ROOT/scripts/shipped.sh")
eval "$environment"
cargo build --locked --release --package bakehouse --target "$target"
program=${CARGO_TARGET_DIR:-target}/$target/release/bakehouse
if readelf --program-headers "$program" | grep -q INTERP; then
    die "$program is not static" "build for a target with musl"
fi

say "$("$ROOT/scripts/pack.sh" "$program" "$target" "$folder")"
