FROM --platform="linux/arm64" busybox
FROM --platform='linux/'amd64 busybox AS x
FROM --platform=linux\/arm64 y
RUN echo hello > /motd
