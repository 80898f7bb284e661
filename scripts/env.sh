#!/usr/bin/env bash
# Prints the environment of what is set up, for `eval "$(scripts/env.sh)"`.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# Whoever evaluates it puts its own PATH in.
# shellcheck disable=SC2016
printf 'export BAKEHOUSE_HOME=%q PATH=%q:%q:$PATH\n' "$BAKEHOUSE_HOME" "$TOOLS/bin" "$BAKEHOUSE_HOME/up/bin"
if [ -x "$TOOLS/bin/rustc-wasm" ]; then
    printf 'export BAKEHOUSE_WASM_RUSTC=%q\n' "$TOOLS/bin/rustc-wasm"
fi
# The program finds the engine by itself; others are told.
socket=$(engine_socket)
if [ -n "$socket" ]; then
    printf 'export DOCKER_HOST=%q\n' "unix://$socket"
fi
if [ -d "$BAKEHOUSE_HOME/buildx" ]; then
    printf 'export BUILDX_CONFIG=%q\n' "$BAKEHOUSE_HOME/buildx"
fi
registry=$("$ROOT/scripts/npm-registry.sh")
if [ -n "$registry" ]; then
    printf 'export NPM_CONFIG_REGISTRY=%q\n' "$registry"
fi
