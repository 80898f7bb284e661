# syntax = docker/dockerfile
# escape = `
# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/escape-with-syntax/Dockerfile, Apache-2.0

FROM `
    image
