#!/usr/bin/env bash
# Unpacks Debian packages into a folder, leaving the system's own packages alone.
# usage: scripts/debs.sh SUITE FOLDER PACKAGE...      (SUITE: bookworm, trixie, testing)
#
# A PACKAGE with a `*` stands for those dependencies of the others that match.
# apt runs with a private configuration; mirror and key come from the
# machine's own apt sources.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || die "usage: scripts/debs.sh SUITE FOLDER PACKAGE..."
suite=$1 folder=$2
shift 2
command -v apt-get >/dev/null || die "this needs Debian's apt-get" \
    "install the tool yourself so that it is found on PATH: $*"

# The $ are awk's.
# shellcheck disable=SC2016
mirror() {
    find /etc/apt -maxdepth 2 -name '*.list' -o -maxdepth 2 -name '*.sources' |
        sort | xargs awk '
            /^(URIs:|deb )/ && !found {
                for (i = 1; i <= NF; i++)
                    if ($i ~ /^https?:/ && $i ~ /\/debian\/?$/) { print $i; found = 1; exit }
            }'
}

private=$TOOLS/apt/$suite
mkdir -p "$private"
apt() {
    local program=$1
    shift
    "$program" -q -o Dir::Etc::sourcelist="$private/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$private/state" \
        -o Dir::State::status="$private/status" -o Dir::Cache="$private/cache" \
        -o APT::Architecture=amd64 -o APT::Architectures=amd64,arm64 -o APT::Sandbox::User=root \
        -o Acquire::Retries=3 -o Acquire::Languages=none "$@" 2>>"$private/log" ||
        die "$program $1 ($suite) failed" "see $private/log"
}

index() {
    local url
    url=$(mirror)
    [ -n "$url" ] || die "found no Debian mirror in /etc/apt" "add Debian to /etc/apt/sources.list.d"
    mkdir -p "$private/state/lists/partial" "$private/cache/archives/partial"
    : >"$private/status"
    printf 'deb [signed-by=%s] %s %s main\n' \
        /usr/share/keyrings/debian-archive-keyring.gpg "$url" "$suite" >"$private/sources.list"
    apt apt-get update >>"$private/log"
}

once "apt-$suite" index

# matching PATTERN PACKAGE...: dependencies of the packages that match.
matching() {
    local pattern=$1
    shift
    apt apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
        --no-breaks --no-replaces --no-enhances "$@" | sort -u |
        while read -r name; do
            # shellcheck disable=SC2254
            case $name in *[!a-z0-9.+-]*) ;; $pattern) printf '%s\n' "$name" ;; esac
        done
}

names=()
for package; do
    case $package in
    *'*'*) mapfile -t -O ${#names[@]} names < <(matching "$package" "${names[@]}") ;;
    *) names+=("$package") ;;
    esac
done

work=$(mktemp -d "$TOOLS/unpack.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt apt-get download "${names[@]}" >>"$private/log")
mkdir "$work/tree"
for deb in "$work"/*.deb; do dpkg -x "$deb" "$work/tree"; done
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
mv "$work/tree" "$folder"
