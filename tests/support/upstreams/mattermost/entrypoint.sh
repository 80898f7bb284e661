#!/bin/bash
case "$1" in
-*) set -- mattermost "$@" ;;
esac
exec "$@"
