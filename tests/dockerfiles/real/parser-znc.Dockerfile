# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/znc/Dockerfile, Apache-2.0
FROM ubuntu:14.04
LABEL maintainer Erik Hollensbe <erik@hollensbe.org>

RUN apt-get update && apt-get install znc -y
ADD conf /.znc

CMD [ "/usr/bin/znc", "-f", "-r" ]
