# Shared by the scripts beside it; sourced, never run.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BAKEHOUSE_HOME=${BAKEHOUSE_HOME:-$ROOT/.bakehouse}
TOOLS=$BAKEHOUSE_HOME/tools
mkdir -p "$TOOLS/bin"
# Where cargo puts debug builds.
# shellcheck disable=SC2034
BUILT=${CARGO_TARGET_DIR:-$ROOT/target}/debug
export BAKEHOUSE_HOME
# Programs that `bakehouse up` unpacks are used by what tests check against, too.
export PATH="$TOOLS/bin:$BAKEHOUSE_HOME/up/bin:$PATH"

# CI takes Cargo.lock as it is; at a desk a new recipe may add itself to it.
# shellcheck disable=SC2034
if [ -n "${CI:-}" ]; then locked=(--locked); else locked=(); fi

say() { printf '==> %s\n' "$*" >&2; }

# die MESSAGE [HINT]
die() {
    printf 'error: %s\n' "$1" >&2
    [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

# bakehouse ARGUMENT...: the program, built where there is none yet.
bakehouse() {
    if ! "$BUILT/bakehouse" up --help >/dev/null 2>&1; then
        local environment
        environment=$("$ROOT/scripts/shipped.sh")
        (
            eval "$environment"
            cd "$ROOT"
            cargo build --quiet "${locked[@]}" --package bakehouse
        )
    fi
    "$BUILT/bakehouse" "$@"
}

# engine_socket: the socket of the engine that `bakehouse up` started, while it runs.
engine_socket() {
    local socket
    socket=$(sed -n 's/.*"socket": "\(.*\)".*/\1/p' "$BAKEHOUSE_HOME/up/started.json" 2>/dev/null || true)
    [ ! -S "$socket" ] || printf '%s\n' "$socket"
}

# once NAME COMMAND...: runs COMMAND under a lock, unless it did succeed before.
once() {
    local name=$1
    shift
    mkdir -p "$TOOLS/.done"
    [ ! -e "$TOOLS/.done/$name" ] || return 0
    (
        flock 9
        [ ! -e "$TOOLS/.done/$name" ] || exit 0
        "$@" || exit
        touch "$TOOLS/.done/$name"
    ) 9>"$TOOLS/.done/$name.lock"
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}

# stop_pidfile FILE: ends that process, bounded.
stop_pidfile() {
    local pid
    [ -s "$1" ] || return 0
    pid=$(cat "$1")
    if kill "$pid" 2>/dev/null; then
        wait_for 20 not_alive "$pid" || kill -9 "$pid" 2>/dev/null || true
    fi
    rm -f "$1"
}
not_alive() { ! kill -0 "$1" 2>/dev/null; }
