# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/escape-after-comment/Dockerfile, Apache-2.0
# Comment here. Should not be looking for the following parser directive.
# Hence the following line will be ignored, and the subsequent backslash
# continuation will be the default.
# escape = `

FROM image
LABEL maintainer foo@bar.com
ENV GOPATH \
\go