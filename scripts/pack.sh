#!/usr/bin/env bash
# Packs a program as a release has it: bakehouse-VERSION-TARGET.tar.gz, with one folder of that name in it.
# usage: scripts/pack.sh PROGRAM TARGET FOLDER [LEVEL]       (LEVEL: gzip's, 9)
#
# The same program makes the same archive: names, dates and owners are fixed. The archive's path is printed.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || die "usage: scripts/pack.sh PROGRAM TARGET FOLDER [LEVEL]"
program=$1 target=$2 folder=$3 level=${4:-9}

version=$("$program" --version | awk '{ print $2 }')
name=bakehouse-$version-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name" "$folder"
cp "$ROOT/README.md" "$ROOT/LICENSE" "$work/$name/"
install -m 755 "$program" "$work/$name/bakehouse"
date=$(git -C "$ROOT" log -1 --format=%ct)
tar --sort=name --mtime="@$date" --owner=0 --group=0 --numeric-owner -C "$work" -cf - "$name" |
    gzip --no-name "-$level" >"$folder/$name.tar.gz"
printf '%s\n' "$folder/$name.tar.gz"
