#!/usr/bin/env bash
# Other people's tools that the tests check against: Debian's docker-registry as
# a second registry, crane as a second client, busybox and Node.js for both
# architectures; actionlint and zizmor for the workflows, and jq for their own steps.
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
command -v crane >/dev/null || "$ROOT/scripts/engine.sh" install
"$ROOT/scripts/buildkit.sh" go
once "actionlint-$actionlint" install_actionlint
command -v jq >/dev/null || once jq install_jq

# zizmor, from its Python package; pip comes from Debian, for few machines have it.
zizmor=1.32.0
zizmor_sha256=84a6acb975accc13408786a2bd274b572537ca19c933ebbc13e78f3988562071
# python ARGUMENT...: the machine's Python, or Debian's where it has none.
python() {
    local tree=$TOOLS/python
    ! command -v python3 >/dev/null || exec python3 "$@"
    "$ROOT/scripts/debs.sh" bookworm "$tree" python3.11-minimal libpython3.11-minimal libpython3.11-stdlib \
        libssl3 libexpat1 zlib1g libbz2-1.0 liblzma5 libffi8
    PYTHONHOME=$tree/usr LD_LIBRARY_PATH=$tree/usr/lib/x86_64-linux-gnu:$tree/lib/x86_64-linux-gnu \
        exec "$tree/usr/bin/python3.11" "$@"
}
install_zizmor() {
    say "unpacking zizmor $zizmor for the tests"
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/pip" python3-pip-whl
    printf 'zizmor==%s --hash=sha256:%s\n' "$zizmor" "$zizmor_sha256" >"$TOOLS/pip/zizmor.txt"
    local wheel=("$TOOLS"/pip/usr/share/python-wheels/pip-*.whl)
    (python "${wheel[0]}/pip" install --quiet --require-hashes --no-deps \
        --only-binary :all: --no-cache-dir --root-user-action ignore --disable-pip-version-check \
        --target "$TOOLS/zizmor" --upgrade --requirement "$TOOLS/pip/zizmor.txt") ||
        die "cannot unpack zizmor $zizmor" "check \`pip config list\` and the network"
    ln -sf "$TOOLS/zizmor/bin/zizmor" "$TOOLS/bin/zizmor"
}
once "zizmor-$zizmor" install_zizmor
