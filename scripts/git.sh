#!/usr/bin/env bash
# git, which checks upstream's sources out, where the machine has none.
# usage: scripts/git.sh
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

unpack() {
    say "unpacking git"
    local tree=$TOOLS/git libraries
    "$ROOT/scripts/debs.sh" bookworm "$tree" git 'lib*'
    libraries=$tree/usr/lib/$(uname -m)-linux-gnu
    # The machine's own C library goes with its own loader.
    find "$tree" -regex '.*/\(libc\|libm\|libpthread\|libdl\|librt\|libresolv\|ld-linux[^/]*\)\.so.*' -delete
    printf '#!/bin/sh\nGIT_EXEC_PATH=%q LD_LIBRARY_PATH=%q exec %q "$@"\n' \
        "$tree/usr/lib/git-core" "$libraries:$tree/lib/$(uname -m)-linux-gnu" "$tree/usr/bin/git" \
        >"$TOOLS/bin/git"
    chmod +x "$TOOLS/bin/git"
}
command -v git >/dev/null || once git unpack
