#!/usr/bin/env bash
# Prints the environment in which `bakehouse recipe build` compiles, for `eval`.
#
# First choice is rustup's own target, which needs none. Where rustup cannot download it, Debian
# testing's rustc is unpacked under .bakehouse/, and named in BAKEHOUSE_WASM_RUSTC.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

target=wasm32-wasip2
# BAKEHOUSE_WASM_TOOLCHAIN=debian takes the second way at once.
has_target() { [ "${BAKEHOUSE_WASM_TOOLCHAIN:-}" != debian ] && [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; }

command -v rustc >/dev/null || die "there is no Rust on PATH" "install Rust, see rustup's home page"
if [ -z "${BAKEHOUSE_WASM_TOOLCHAIN:-}" ] && ! has_target && command -v rustup >/dev/null && [ ! -e "$TOOLS/.done/rust-wasm" ]; then
    say "asking rustup for $target"
    timeout 60 rustup target add $target >/dev/null 2>&1 || true
fi
has_target && exit 0

tree=$TOOLS/rust-wasm
unpack() {
    say "rustup cannot get $target here: unpacking Debian's rustc (about 10 s)"
    "$ROOT/scripts/debs.sh" testing "$tree" rustc libstd-rust-dev-wasm32 libc6 libgcc-s1 \
        libstdc++6 zlib1g libzstd1 libxml2-16 libffi8 libedit2 libtinfo6 libbsd0 libmd0 \
        libz3-4 'libstd-rust-*' 'libllvm*'
}
once rust-wasm unpack

# wasm-component-ld and rust-lld come with the installed toolchain.
linker=$(rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-gnu/bin
[ -x "$linker/wasm-component-ld" ] || die "this Rust has no wasm-component-ld" \
    "use a Rust that rustup installed, or: cargo install wasm-component-ld"

# Started through its own loader: it needs a newer libc than Debian 12's.
compiler=$TOOLS/bin/rustc-wasm
wrapper=$(mktemp "$compiler.XXXXXX")
cat >"$wrapper" <<WRAPPER
#!/bin/sh
lib=$tree/usr/lib/x86_64-linux-gnu
PATH=$linker:\$PATH exec "\$lib/ld-linux-x86-64.so.2" --library-path "\$lib" $tree/usr/bin/rustc --sysroot $tree/usr "\$@"
WRAPPER
chmod 755 "$wrapper"
mv "$wrapper" "$compiler"
printf 'export BAKEHOUSE_WASM_RUSTC=%q\n' "$compiler"
