#!/usr/bin/env bash
# Other people's tools that the tests check against: Debian's docker-registry as
# a second registry, crane as a second client, busybox and Node.js for both
# architectures; actionlint with shellcheck, and zizmor, for the workflows, and jq for their own steps;
# what makes the documentation's site.
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
"$ROOT/scripts/node.sh"
"$ROOT/scripts/compilers.sh"

install_jq() {
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/jq" jq libjq1 libonig5
    local lib=$TOOLS/jq/usr/lib/x86_64-linux-gnu
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/usr/bin/jq "$@"\n' "$lib" "$TOOLS/jq" >"$TOOLS/bin/jq"
    chmod +x "$TOOLS/bin/jq"
}

# actionlint, from its Go module.
actionlint=v1.7.12
install_actionlint() {
    say "building actionlint $actionlint from its Go module"
    GOBIN=$TOOLS/bin GOTOOLCHAIN=local GOFLAGS=-trimpath CGO_ENABLED=0 \
        go install "github.com/rhysd/actionlint/cmd/actionlint@$actionlint" ||
        die "actionlint $actionlint did not build" "look at what Go says above"
}
unpack_crane() {
    "$ROOT/scripts/debs.sh" testing "$TOOLS/crane" crane
    ln -sf "$TOOLS/crane/usr/bin/crane" "$TOOLS/bin/"
}
command -v crane >/dev/null || once crane unpack_crane
"$ROOT/scripts/compose.sh" install
"$ROOT/scripts/buildkit.sh" go
once "actionlint-$actionlint" install_actionlint
command -v jq >/dev/null || once jq install_jq

"$ROOT/scripts/shellcheck.sh" install
"$ROOT/scripts/site.sh" install
"$ROOT/scripts/wheel.sh" zizmor 1.32.0 84a6acb975accc13408786a2bd274b572537ca19c933ebbc13e78f3988562071 zizmor
