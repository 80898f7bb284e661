#!/usr/bin/env bash
# A Docker Engine for machines without one.
# usage: scripts/engine.sh up|down|status
#
# Where Docker answers already, it is used and nothing is started. Otherwise a
# private engine runs from .bakehouse/, with its own data, socket and log.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

home=$BAKEHOUSE_HOME/engine
run=/run/bakehouse-$(printf %s "$BAKEHOUSE_HOME" | cksum | cut -d' ' -f1)
socket=$run/docker.sock

answers() { docker -H "unix://$socket" info; }
users_own() { [ -z "${DOCKER_HOST:-}" ] || [ "$DOCKER_HOST" != "unix://$socket" ] && docker info >/dev/null 2>&1; }

unpack() {
    say "unpacking Docker Engine, buildx and crane (about 10 s)"
    "$ROOT/scripts/debs.sh" testing "$TOOLS/docker" docker.io docker-cli docker-buildx containerd crane
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/net" runc libseccomp2 iptables libxtables12 libnftnl11 \
        libmnl0 libip4tc2 libip6tc2 libnetfilter-conntrack3 libnfnetlink0
    for program in docker containerd containerd-shim-runc-v2 ctr crane; do
        ln -sf "$TOOLS/docker/usr/bin/$program" "$TOOLS/bin/"
    done
    ln -sf "$TOOLS"/docker/usr/sbin/{dockerd,docker-proxy} "$TOOLS/docker/usr/libexec/docker/cli-plugins/docker-buildx" "$TOOLS/bin/"
    wrap iptables iptables-nft
    wrap ip6tables ip6tables-nft
    wrap runc runc
}

# wrap NAME PROGRAM: an unpacked program with its unpacked libraries.
wrap() {
    local lib=$TOOLS/net/usr/lib/x86_64-linux-gnu
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s XTABLES_LIBDIR=%s/xtables exec %s/usr/sbin/%s "$@"\n' \
        "$lib" "$lib" "$TOOLS/net" "$2" >"$TOOLS/bin/$1"
    chmod +x "$TOOLS/bin/$1"
}

mount_cgroups() {
    grep -q ' /sys/fs/cgroup ' /proc/mounts && return 0
    mount -t cgroup2 cgroup2 /sys/fs/cgroup || die "cannot mount cgroups" "run as root"
    touch "$home/cgroup-mounted"
}

up() {
    if users_own && command -v docker-buildx >/dev/null; then return 0; fi
    if users_own && docker buildx version >/dev/null 2>&1; then return 0; fi
    once docker unpack
    users_own && return 0
    answers >/dev/null 2>&1 && return 0
    [ "$(id -u)" = 0 ] || die "no Docker Engine answers, and a private one needs root" \
        "start Docker, or run this as root"
    say "starting a private Docker Engine"
    mkdir -p "$home" "$run"
    mount_cgroups
    [ -e /sys/class/net/docker0 ] || touch "$home/bridge-made"
    printf '{"features":{"containerd-snapshotter":true},"hosts":["unix://%s"]}\n' "$socket" >"$home/daemon.json"
    setsid dockerd --config-file "$home/daemon.json" --data-root "$home/data" --exec-root "$run/exec" \
        --pidfile "$home/pid" --iptables=true --ip6tables=false >"$home/log" 2>&1 </dev/null &
    wait_for 60 answers || {
        tail -n 5 "$home/log" >&2
        die "the private Docker Engine did not start" "see $home/log"
    }
}

down() {
    stop_pidfile "$home/pid"
    [ ! -e "$home/bridge-made" ] || ip link delete docker0 2>/dev/null || true
    [ ! -e "$home/cgroup-mounted" ] || umount /sys/fs/cgroup 2>/dev/null || true
    rm -rf "$home/bridge-made" "$home/cgroup-mounted" "$run"
}

case ${1:-} in
up) up ;;
down) down ;;
install) once docker unpack ;;
socket) printf '%s\n' "$socket" ;;
status) if users_own; then echo "engine: the machine's own"; elif answers >/dev/null 2>&1; then echo "engine: private, $socket"; else echo "engine: not running"; fi ;;
*) die "usage: scripts/engine.sh install|up|down|status|socket" ;;
esac
