#!/usr/bin/env bash
# The project's tests, with all that they need.
# usage: scripts/test.sh                  lints, recipes, and all tests
#        scripts/test.sh NAME...          recipes, and the tests whose path holds a NAME
#        scripts/test.sh --it NAME...     of those the end-to-end tests; what it starts, stays up
#        scripts/test.sh --unit [NAME...] unit tests, all or those; they need nothing
#
# But for `--it`, what it starts, it stops, however it ends.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

# What was up before, stays up.
stop() {
    [ "$before" = up ] || "$ROOT/scripts/up.sh" down
}
stop_afterwards() {
    before=down
    if [ -n "$(engine_socket)" ] || [ -e "$BAKEHOUSE_HOME/buildkit/pid" ]; then before=up; fi
    trap stop EXIT
    trap 'exit 130' INT TERM
}
# compile: the tests, and the program with them; recipes are built by it.
compile() {
    say "compiling the tests"
    "$ROOT/scripts/nextest.sh" --no-run
}
# set_up: recipes, and engine, BuildKit, QEMU and other people's tools where they are missing.
set_up() {
    compile
    say "recipes"
    BAKEHOUSE_PROGRAM=$BUILT/bakehouse "$ROOT/scripts/build-plugin.sh" --all
    say "engine, BuildKit, QEMU, registry"
    "$ROOT/scripts/up.sh" all
    local environment
    environment=$("$ROOT/scripts/env.sh")
    eval "$environment"
    say "images that tests start from"
    "$ROOT/scripts/nextest.sh" -E 'test(/^stand_ins_test::/)'
}

examples() {
    say "examples in documentation"
    cargo test --quiet "${locked[@]}" --workspace --doc
}

case ${1:-} in
--unit)
    shift
    [ $# -gt 0 ] || examples
    say "unit tests"
    "$ROOT/scripts/nextest.sh" --lib --bins --test loopback "$@"
    ;;
--it)
    shift
    [ $# -gt 0 ] || die "name a test, or a part of its path" "all of them: just test"
    set_up
    "$ROOT/scripts/nextest.sh" --test '*' "$@"
    ;;
'')
    stop_afterwards
    "$ROOT/scripts/lint.sh"
    set_up
    examples
    say "tests"
    "$ROOT/scripts/nextest.sh"
    ;;
*)
    stop_afterwards
    set_up
    "$ROOT/scripts/nextest.sh" "$@"
    ;;
esac
