#!/usr/bin/env bash
# Unpacks a program that its makers publish as a Python package, at one version and checksum.
# usage: scripts/wheel.sh PACKAGE VERSION SHA256 PROGRAM
#
# pip comes from Debian, for few machines have it, and where there is no Python, that does, too.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# = 4 ] || die "usage: scripts/wheel.sh PACKAGE VERSION SHA256 PROGRAM"
package=$1 version=$2 sha256=$3 program=$4

tree=$TOOLS/python
unpack_python() {
    "$ROOT/scripts/debs.sh" bookworm "$tree" python3.11-minimal libpython3.11-minimal libpython3.11-stdlib \
        libssl3 libexpat1 zlib1g libbz2-1.0 liblzma5 libffi8
}
unpack_pip() { "$ROOT/scripts/debs.sh" bookworm "$TOOLS/pip" python3-pip-whl; }
# Other systems than Debian bring the program along.
command -v apt-get >/dev/null || ! command -v "$program" >/dev/null || exit 0

# python ARGUMENT...: the machine's Python, or Debian's where it has none.
python() {
    if command -v python3 >/dev/null; then
        python3 "$@"
    else
        once python unpack_python
        PYTHONHOME=$tree/usr LD_LIBRARY_PATH=$tree/usr/lib/x86_64-linux-gnu:$tree/lib/x86_64-linux-gnu \
            "$tree/usr/bin/python3.11" "$@"
    fi
}
unpack() {
    say "unpacking $program $version"
    once pip unpack_pip
    local pip=("$TOOLS"/pip/usr/share/python-wheels/pip-*.whl)
    python "${pip[0]}/pip" install --quiet --require-hashes --no-deps --only-binary :all: --no-cache-dir \
        --root-user-action ignore --disable-pip-version-check --upgrade --target "$TOOLS/$program" \
        --requirement <(printf '%s==%s --hash=sha256:%s\n' "$package" "$version" "$sha256") ||
        die "cannot unpack $program $version" "check \`pip config list\` and the network"
    ln -sf "$TOOLS/$program/bin/$program" "$TOOLS/bin/$program"
}
once "$program-$version" unpack
