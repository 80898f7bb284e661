#!/usr/bin/env bash
# Writes into table.json what Docker's own code reads from each of its rows; new rows need
# no `docker`. The version of that code is in witness/go.mod, and in the test that walks the
# table (host/system/src/docker/credentials.rs).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$(mktemp)
trap 'rm -f "$program"' EXIT
(cd "$here/witness" && CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -o "$program" .)
PATH=$here/helpers:$PATH "$program" "$here/table.json"
