#!/usr/bin/env bash
# Prints the address of npm's registry where there is no npm to ask for it.
#
# Nothing is printed where npm is installed or NPM_CONFIG_REGISTRY is set: then
# bakehouse finds it by itself. Otherwise Debian's npm package is unpacked, only
# to read the default from npm's own configuration.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ -z "${NPM_CONFIG_REGISTRY:-}${npm_config_registry:-}" ] || exit 0
! grep -qs '^registry *=' .npmrc "${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}" || exit 0
[ -n "${BAKEHOUSE_NO_NPM:-}" ] || ! command -v npm >/dev/null || exit 0

unpack() {
    say "reading npm's default registry from Debian's npm package"
    "$ROOT/scripts/debs.sh" bookworm "$TOOLS/npm" npm
}
once npm unpack
grep -rhoE "default(Registry)?['\"]?[:=] *['\"]https://[^'\"]*registry[^'\"]*" "$TOOLS/npm" --include='*.js' |
    sed "s/.*['\"]\(https:.*\)/\1/" | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }'
