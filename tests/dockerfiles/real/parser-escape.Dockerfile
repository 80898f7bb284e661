#escape = `
# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/escape/Dockerfile, Apache-2.0

FROM image
LABEL maintainer foo@bar.com
ENV GOPATH `
\go