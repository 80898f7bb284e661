# escape = `
# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/escape-nonewline/Dockerfile, Apache-2.0
# There is no white space line after the directives. This still succeeds, but goes
# against best practices.
FROM image
LABEL maintainer foo@bar.com
ENV GOPATH `
\go
