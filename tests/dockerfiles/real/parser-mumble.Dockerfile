# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/mumble/Dockerfile, Apache-2.0
FROM ubuntu:14.04

RUN apt-get update && apt-get install libcap2-bin mumble-server -y

ADD ./mumble-server.ini /etc/mumble-server.ini

CMD /usr/sbin/murmurd
