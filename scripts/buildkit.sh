#!/usr/bin/env bash
# BuildKit as a daemon, and the buildx builder `bakehouse` that uses it.
# usage: scripts/buildkit.sh install|go|up|down|status
#
# Built from its Go module; where there is no recent Go, Debian testing's is
# unpacked. buildx keeps this builder under .bakehouse/, not in ~/.docker.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

version=v0.31.1
home=$BAKEHOUSE_HOME/buildkit
run=/run/bakehouse-buildkit-$(printf %s "$BAKEHOUSE_HOME" | cksum | cut -d' ' -f1)
socket=$run/buildkitd.sock
export BUILDX_CONFIG=$BAKEHOUSE_HOME/buildx

go_is_recent() {
    command -v go >/dev/null &&
        [ "$(printf '%s\n' go1.25.9 "$(go env GOVERSION)" | sort -V | head -n 1)" = go1.25.9 ]
}
install_go() {
    say "unpacking Go"
    "$ROOT/scripts/debs.sh" testing "$TOOLS/go" golang-go 'golang-*-go' 'golang-*-src' golang-src
    local goroot
    goroot=$(find "$TOOLS/go/usr/lib" -maxdepth 1 -name 'go-*' | head -n 1)
    # Debian links the sources to /usr/share, which is not there.
    local share=$TOOLS/go/usr/share/${goroot##*/}
    [ ! -d "$share" ] || find "$goroot" -maxdepth 2 -type l | while read -r link; do
        local real
        real=$TOOLS/go/$(realpath -ms "$(dirname "$link")/$(readlink "$link")" | sed "s#^$TOOLS/go/##")
        ln -sfn "$real" "$link"
    done
    printf '#!/bin/sh\nGOROOT=%s exec %s/bin/go "$@"\n' "$goroot" "$goroot" >"$TOOLS/bin/go"
    chmod +x "$TOOLS/bin/go"
}
install() {
    go_is_recent || once go install_go
    say "building BuildKit $version from its Go module (about 90 s)"
    local module=github.com/moby/buildkit/cmd log=$BAKEHOUSE_HOME/buildkit-build.log
    local work
    work=$(mktemp -d "$TOOLS/buildkit.XXXXXX")
    # `go install PACKAGE@VERSION` refuses modules with exclude directives, so
    # the commands are built as dependencies of an empty module.
    (
        cd "$work"
        export GOTOOLCHAIN=local GOFLAGS='-trimpath -mod=mod' CGO_ENABLED=0
        go mod init bakehouse.invalid/tools
        go get "$module/buildkitd@$version" "$module/buildctl@$version"
        go build -o "$TOOLS/bin/" "$module/buildkitd" "$module/buildctl"
    ) >"$log" 2>&1 || die "BuildKit $version did not build: $(tail -n 1 "$log")" "see $log"
    rm -rf "$work"
}

running() { buildctl --addr "unix://$socket" debug workers; }
up() {
    once "buildkit-$version" install
    if ! running >/dev/null 2>&1; then
        [ "$(id -u)" = 0 ] || die "buildkitd needs root" "run this as root"
        command -v runc >/dev/null || bakehouse up --unpack
        say "starting BuildKit"
        mkdir -p "$home" "$run"
        setsid buildkitd --addr "unix://$socket" --root "$home/root" --oci-worker=true \
            --containerd-worker=false >"$home/log" 2>&1 </dev/null &
        echo $! >"$home/pid"
        wait_for 60 running || {
            tail -n 5 "$home/log" >&2
            die "BuildKit did not start" "see $home/log"
        }
    fi
    # Its folder may have been moved, and the socket's name goes by the folder's.
    local builder=$BUILDX_CONFIG/instances/bakehouse
    grep -qsF "\"unix://$socket\"" "$builder" || {
        rm -f "$builder"
        docker-buildx create --name bakehouse --driver remote "unix://$socket" >/dev/null
    }
}
down() {
    stop_pidfile "$home/pid"
    rm -rf "$run"
}

case ${1:-} in
install) once "buildkit-$version" install ;;
go) go_is_recent || once go install_go ;;
up) up ;;
down) down ;;
status) if running >/dev/null 2>&1; then echo "buildkit: running, $socket"; else echo "buildkit: not running"; fi ;;
*) die "usage: scripts/buildkit.sh install|go|up|down|status" ;;
esac
