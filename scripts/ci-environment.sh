# shellcheck shell=bash
# Variables from $ENVIRONMENT, NAME=VALUE a line, for what this shell starts; GitHub's log shows none of their values.
# usage: source scripts/ci-environment.sh
while IFS='=' read -r name value; do
    [ -n "$value" ] || continue
    echo "::add-mask::$value"
    export "$name=$value"
done <<<"${ENVIRONMENT:-}"
unset ENVIRONMENT name value
