# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/args/Dockerfile, Apache-2.0
ARG foo bar=baz
FROM ubuntu
ARG abc="123 456" def
