#!/usr/bin/env bash
# Starts what is missing on this machine, or stops what it started.
# usage: scripts/up.sh engine|all|down|status
#
# `engine`: what `bakehouse up` sets up, and git. `all`: BuildKit as a daemon
# and the tests' registry and witness, too.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

scripts=$ROOT/scripts
case ${1:-} in
engine)
    bakehouse up >&2
    "$scripts/git.sh"
    ;;
all)
    "$0" engine
    # Tests start an engine of their own, wherever this one is from.
    bakehouse up --unpack
    "$scripts/buildkit.sh" up
    "$scripts/witness.sh"
    ;;
down)
    "$scripts/buildkit.sh" down
    [ ! -e "$BAKEHOUSE_HOME/up/started.json" ] || bakehouse down
    ;;
status)
    bakehouse up --dry-run
    "$scripts/buildkit.sh" status
    ;;
*) die "usage: scripts/up.sh engine|all|down|status" ;;
esac
