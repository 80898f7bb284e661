ARG B=127.0.0.1:5055/x/amd64only
FROM ${B}:1 AS tools
FROM --platform=$BUILDPLATFORM 127.0.0.1:5055/x/amd64only:1 AS cc
RUN --mount=type=secret,id=AA ["/bin/busybox","sh","-c","echo 1 > /one"]
FROM named AS fin
COPY --from=tools /bin/busybox /bb
COPY --from=127.0.0.1:5055/x/amd64only:1 /bin/busybox /bb2
COPY --from=cc /one /
RUN --mount=type=bind,from=127.0.0.1:5055/x/amd64only:1,target=/mnt --mount=type=secret,id=BB,env=BB ["/bin/busybox","ls","/mnt"]
COPY hello /hello
