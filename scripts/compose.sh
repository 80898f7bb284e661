#!/usr/bin/env bash
# Starts the compose file of an app with the image that `./justw run run NAME` published, says what it answers, and
# stops it. Where Docker Hub cannot be reached, PostgreSQL and Redis are made of Debian's packages.
# usage: scripts/compose.sh NAME [PLATFORM [PATH...]]
#        scripts/compose.sh install                   only Docker Compose
#
# PROJECT is the folder that the image was published from, where it is not this repository.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

unpack_compose() {
    say "unpacking Docker Compose"
    "$ROOT/scripts/debs.sh" testing "$TOOLS/compose" docker-compose
    ln -sf "$TOOLS/compose/usr/libexec/docker/cli-plugins/docker-compose" "$TOOLS/bin/"
}
once compose unpack_compose
[ "${1:-}" != install ] || exit 0

name=${1:?usage: scripts/compose.sh NAME [PLATFORM [PATH...]]}
platform=${2:-linux/amd64}
paths=("${@:3}")
file=$ROOT/apps/$name/compose.yaml
[ -f "$file" ] || die "there is no $file"
environment=$("$ROOT/scripts/env.sh")
eval "$environment"
export DOCKER_DEFAULT_PLATFORM=$platform COMPOSE_PROJECT_NAME=compose-$name
work=$(mktemp -d)
chmod 755 "$work"

# stand_in NAME: an image of Debian's packages for the platform.
stand_in() {
    local arch=${platform#linux/} packages=(libc6 libc-bin libgcc-s1 libstdc++6 libssl3t64 libzstd1 zlib1g libsystemd0 libcap2
        liblz4-1 liblzma5 libgcrypt20 libgpg-error0)
    case $1 in
    postgres) packages+=(postgresql-17 postgresql-client-17 libcrypt1 libicu76 libpam0g libaudit1 libcap-ng0
        libldap2 libsasl2-2 libkrb5-3 libgssapi-krb5-2 libk5crypto3 libkrb5support0 libcom-err2 libkeyutils1 libnuma1
        libxml2 libxslt1.1 libpq5 libreadline8t64 libtinfo6 libselinux1 libpcre2-8-0 libuuid1 libxxhash0 libllvm19) ;;
    redis) packages+=(redis-server redis-tools libatomic1 libjemalloc2 liblzf1) ;;
    *) die "there is no stand-in for $1" ;;
    esac
    # What `$(...)` runs does not end at a failure by itself.
    set -e
    once "stand-in-$1-$arch" "$ROOT/scripts/debs.sh" trixie "$TOOLS/stand-in-$1-$arch" "${packages[@]/%/:$arch}" tzdata
    docker-buildx build --quiet --load --platform "$platform" --target "$1" --tag "stand-in/$1:$arch" \
        --build-context busybox="$TOOLS/busybox-$arch" --build-context debian="$TOOLS/stand-in-$1-$arch" scripts/compose >&2
    printf 'stand-in/%s:%s\n' "$1" "$arch"
}

# The registry in the program, for as long as this takes.
(cd "${PROJECT:-$ROOT}" && exec "$BUILT/bakehouse" serve --port 0) >"$work/registry" 2>&1 &
registry=$!
end() {
    docker-compose --project-directory "$work" --file "$file" --profile '*' down --volumes --timeout 5 >"$work/down" 2>&1 || cat "$work/down"
    kill "$registry" || true
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM
wait_for 20 grep -q '127\.0\.0\.1:[0-9]' "$work/registry" || die "the registry did not start" "$(cat "$work/registry")"
host=$(grep -o '127\.0\.0\.1:[0-9]*' "$work/registry" | head -n 1)

# `.env` as the README makes it.
(
    cd "$work"
    commands=$(sed -n '/^cat >\.env <<END$/,/^chmod/p; /^echo [A-Z_]*=.* >\.env$/,/^echo .console/p' "$ROOT/apps/$name/README.md")
    eval "$commands"
)
sed -i "s|ghcr\.io/OWNER/$name:[^ ]*|$host/bakehouse/$name:latest|" "$work/.env"
printf 'LISTEN=127.0.0.1:0\n' >>"$work/.env"
for image in postgres redis; do
    grep -q "^  $image:" "$file" || continue
    if ! timeout 60 docker-compose --project-directory "$work" --file "$file" pull --quiet "$image" >/dev/null 2>&1; then
        say "$image: of Debian's packages"
        stand_in=$(stand_in "$image")
        printf '%s_IMAGE=%s\n' "${image^^}" "$stand_in" >>"$work/.env"
    fi
done

compose() { docker-compose --project-directory "$work" --env-file "$work/.env" --file "$file" "$@"; }
say "$name for $platform"
compose up --detach --wait --wait-timeout 900 --quiet-pull || {
    compose logs --tail 40 >&2
    die "$name did not become healthy"
}
compose ps --format 'table {{.Service}}\t{{.Image}}\t{{.Status}}'
inside=$(sed -n 's/.*LISTEN.*}:\([0-9]*\)$/\1/p' "$file")
address=$(compose port "$name" "$inside")
for path in "${paths[@]:-/}"; do
    say "GET http://$address$path"
    curl --silent --show-error --include --max-time 60 "http://$address$path" | head -n 20
done
