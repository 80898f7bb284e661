#!/usr/bin/env bash
# Starts what is missing on this machine, or stops what it started.
# usage: scripts/up.sh engine|all|down|status
#
# `engine`: Docker Engine with buildx, and QEMU. `all`: BuildKit as a daemon
# and the tests' registry and witness, too.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

scripts=$ROOT/scripts
case ${1:-} in
engine)
    "$scripts/engine.sh" up
    "$scripts/qemu.sh" up
    "$scripts/git.sh"
    ;;
all)
    "$0" engine
    "$scripts/buildkit.sh" up
    "$scripts/witness.sh"
    ;;
down)
    "$scripts/buildkit.sh" down
    "$scripts/engine.sh" down
    "$scripts/qemu.sh" down
    ;;
status)
    "$scripts/engine.sh" status
    "$scripts/qemu.sh" status
    "$scripts/buildkit.sh" status
    ;;
*) die "usage: scripts/up.sh engine|all|down|status" ;;
esac
