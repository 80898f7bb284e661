#!/usr/bin/env bash
# Mirrors a real upstream app, esbuild, as a multi-arch image into the embedded
# registry, and runs both platforms of it.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

say "bakehouse, with the recipes that it ships"
environment=$("$ROOT/scripts/shipped.sh")
eval "$environment"
cargo build --quiet "${locked[@]}" --package bakehouse
"$ROOT/scripts/up.sh" engine
environment=$("$ROOT/scripts/env.sh")
eval "$environment"
show() {
    printf '\n$ bakehouse %s\n' "$*"
    "$BUILT/bakehouse" --registry local "$@"
}

show plan esbuild --max-versions 3
show run esbuild --max-versions 3
show inspect esbuild:latest
show smoke esbuild:latest -- --version

cat <<NEXT

That was one run of the main job: three versions of esbuild, each for amd64 and
arm64, merged, tagged, and kept under .bakehouse/registry. Next:

  ./justw demo                            again: everything is published, nothing is built
  ./justw run serve                       serve the registry on 127.0.0.1:5000, for docker pull
  ./justw run plan --max-versions 5       what two more versions would take
  ./justw test                            the project's tests
  ./justw down                            stop the engine that this started
NEXT
