#!/usr/bin/env bash
# Fuzzes what reads strangers' bytes, with libFuzzer and the stable compiler.
# usage: scripts/fuzz.sh build | TARGET SECONDS | list
#
# Targets are in fuzz/fuzz_targets/. New inputs are kept in target/fuzz/corpus;
# what crashed in target/fuzz/artifacts: mend it, and move it to
# fuzz/regressions/TARGET/, which tests replay.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$ROOT/fuzz"
export CARGO_TARGET_DIR=$ROOT/target/fuzz
triple=$(rustc -vV | sed -n 's/^host: //p')
# What cargo-fuzz sets, but for the sanitizer, which needs a nightly compiler.
flags='-Cpasses=sancov-module -Ccodegen-units=1 --cfg fuzzing'
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=" -Cllvm-args=-sanitizer-coverage-$option"
done

build() { RUSTFLAGS=$flags cargo build --target "$triple" "$@"; }

case ${1:-} in
list) basename --suffix=.rs --multiple fuzz_targets/*.rs ;;
build) build ;;
'') die "usage: scripts/fuzz.sh build | TARGET SECONDS | list" ;;
*)
    [ -e "fuzz_targets/$1.rs" ] || die "there is no target \`$1\`" "scripts/fuzz.sh list"
    build --bin "$1"
    corpus=$CARGO_TARGET_DIR/corpus/$1
    artifacts=$CARGO_TARGET_DIR/artifacts/$1/
    mkdir -p "$corpus" "$artifacts" "seeds/$1" "regressions/$1"
    exec "$CARGO_TARGET_DIR/$triple/debug/$1" -max_total_time="${2:-60}" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 \
        -max_len=16384 -artifact_prefix="$artifacts" -print_final_stats=1 \
        "$corpus" "seeds/$1" "regressions/$1"
    ;;
esac
