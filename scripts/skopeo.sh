#!/usr/bin/env bash
# skopeo, which benchmarks push with; unpacked where there is none.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

unpack() {
    say "unpacking skopeo for the benchmarks"
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/skopeo" skopeo libgpgme11 libassuan0 libgpg-error0 \
        libdevmapper1.02.1 golang-github-containers-common
    local lib=$TOOLS/skopeo/usr/lib/x86_64-linux-gnu
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s:%s exec %s/usr/bin/skopeo "$@"\n' \
        "$lib" "$TOOLS/skopeo/lib/x86_64-linux-gnu" "$TOOLS/skopeo" >"$TOOLS/bin/skopeo"
    chmod +x "$TOOLS/bin/skopeo"
}
command -v skopeo >/dev/null || once skopeo unpack
