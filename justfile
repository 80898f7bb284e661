# Recipes for working on Bakehouse. `./justw RECIPE` runs them where there is no `just`.

_default:
    @just --list --unsorted

# Mirror a real app, esbuild, for amd64 and arm64, and run both
demo:
    @scripts/demo.sh

# Everything that CI runs: lints, recipes, all tests; or, without lints, the tests whose path holds a NAME
test *NAMES:
    @scripts/test.sh {{ NAMES }}

# Unit tests, all or those whose path holds a NAME: no engine, and no network but loopback
unit *NAMES:
    @scripts/test.sh --unit {{ NAMES }}

# End-to-end tests whose path holds a NAME; leaves the engine up for the next time
it +NAMES:
    @scripts/test.sh --it {{ NAMES }}

# Format, spelling, scripts, licences, the site and its links, lints, documentation
lint:
    @scripts/lint.sh

# Build the site of docs/ into target/site, and follow its links
site:
    @scripts/site.sh

# Build the bakehouse program
build:
    @eval "$(scripts/shipped.sh)" && cargo build --package bakehouse

# Build one recipe, by its folder in plugins/
build-plugin NAME: build
    @scripts/build-plugin.sh {{ NAME }}

# Build all recipes
build-plugins: build
    @scripts/build-plugin.sh --all

# Run bakehouse with what `up` set up
run *ARGS: build
    @eval "$(scripts/env.sh)" && exec target/debug/bakehouse {{ ARGS }}

# Start what is missing: Docker Engine with buildx, QEMU, BuildKit
up: build
    @scripts/up.sh all

# Stop what `up`, `demo` or `test` started
down:
    @scripts/up.sh down

# What is running
status:
    @scripts/up.sh status

# Start an app's compose file with the image that `run` published, and say what it answers
compose NAME *ARGS: up
    @scripts/compose.sh {{ NAME }} {{ ARGS }}

# Make the pictures of docs/pictures from a real run
pictures *ARGS: up
    @scripts/pictures.sh {{ ARGS }}

# Compare with docker, buildx, crane and skopeo; prints tables
bench *ARGS:
    @scripts/bench.sh {{ ARGS }}

# Write anew what is generated from the code: schemas/ and docs/reference/
generate:
    @BAKEHOUSE_GENERATE=1 scripts/test.sh --unit the_files_are_what

# Format the code
fmt:
    cargo fmt --all

# Stop everything and remove what was set up, downloaded or published locally
clean: down
    rm -rf .bakehouse digests
