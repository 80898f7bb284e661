# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/continue-at-eof/Dockerfile, Apache-2.0
FROM alpine:3.5

RUN something \