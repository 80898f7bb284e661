# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/kartar-entrypoint-oddities/Dockerfile, Apache-2.0
FROM ubuntu:14.04
LABEL maintainer James Turnbull "james@example.com"
ENV REFRESHED_AT 2014-06-01
RUN apt-get update
RUN apt-get --no-install-recommends install -y redis-server redis-tools
EXPOSE 6379
ENTRYPOINT [ "/usr/bin/redis-server" ]
