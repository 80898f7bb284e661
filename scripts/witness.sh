#!/usr/bin/env bash
# Other people's tools that the tests check against: Debian's docker-registry as
# a second registry, crane as a second client, busybox for both architectures.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

unpack() {
    say "unpacking docker-registry and busybox for the tests"
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/registry" docker-registry
    ln -sf "$TOOLS/registry/usr/bin/docker-registry" "$TOOLS/bin/"
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/busybox-amd64" busybox-static:amd64
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/busybox-arm64" busybox-static:arm64
}
once witness unpack
command -v crane >/dev/null || "$ROOT/scripts/engine.sh" install
"$ROOT/scripts/buildkit.sh" go
