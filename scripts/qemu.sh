#!/usr/bin/env bash
# Emulation for other architectures' programs (arm64, by QEMU).
# usage: scripts/qemu.sh up|down|status
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

binfmt=/proc/sys/fs/binfmt_misc
mine=$BAKEHOUSE_HOME/qemu
handler=qemu-aarch64

registered() { grep -qsl '7f454c460201010000000000000000000200b700' $binfmt/* 2>/dev/null; }
unpack() { "$ROOT/scripts/debs.sh" bookworm "$TOOLS/qemu" qemu-user-static; }

up() {
    [ "$(uname -m)" != aarch64 ] || return 0
    if [ ! -e $binfmt/register ]; then
        mount -t binfmt_misc binfmt_misc $binfmt 2>/dev/null ||
            die "cannot mount binfmt_misc" "run as root, or register QEMU for arm64 yourself"
        mkdir -p "$mine" && touch "$mine/mounted"
    fi
    registered && return 0
    once qemu unpack
    say "registering QEMU for arm64"
    # F: the kernel keeps the interpreter open, so containers need no copy.
    # C and O: programs keep their credentials. Debian's own flags want a
    # fixed path, and this one is under .bakehouse/.
    sed "s#:/usr/[^:]*:[A-Z]*\$#:$TOOLS/qemu/usr/bin/qemu-aarch64-static:OCF#" \
        "$TOOLS/qemu/usr/lib/binfmt.d/qemu-aarch64.conf" >$binfmt/register
    mkdir -p "$mine" && touch "$mine/registered"
}
down() {
    [ ! -e "$mine/registered" ] || echo -1 >$binfmt/$handler 2>/dev/null || true
    [ ! -e "$mine/mounted" ] || umount $binfmt 2>/dev/null || true
    rm -rf "$mine"
}

case ${1:-} in
up) up ;;
down) down ;;
status) registered && echo "qemu: arm64 registered" || echo "qemu: not registered" ;;
*) die "usage: scripts/qemu.sh up|down|status" ;;
esac
