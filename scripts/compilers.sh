#!/usr/bin/env bash
# Compilers for the tests' stand-in of the image `node`, whose packages compile native modules: what upstream's image
# has of them, and the cross compiler that `apt-get install` brings there. All from Debian.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# slim FOLDER: without documentation and link-time optimisation, half of it.
slim() {
    rm -rf "${1:?}"/usr/share "${1:?}"/etc "$1"/usr/lib/x86_64-linux-gnu/perl* "$1"/usr/lib/x86_64-linux-gnu/libperl*
    find "$1/usr" \( -name 'lto-dump*' -o -name '*lto-dump*' -o -name lto1 -o -name '*dwp' -o -name 'lib*san.a' \) -delete
}
unpack() {
    say "unpacking compilers for the tests"
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/compilers" g++ make python3 \
        'gcc*' 'g++-*' 'cpp*' 'binutils*' 'lib*' zlib1g linux-libc-dev 'python3*'
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/cross-compilers" g++-aarch64-linux-gnu \
        '*-aarch64-linux-gnu*' '*-cross' '*-cross-base' 'lib*'
    slim "$TOOLS/compilers"
    slim "$TOOLS/cross-compilers"
    test -x "$TOOLS/compilers/usr/bin/g++" && test -x "$TOOLS/cross-compilers/usr/bin/aarch64-linux-gnu-g++"
}
once compilers unpack
