FROM --platform=$BUILDPLATFORM golang AS compile
ARG TARGETOS TARGETARCH VERSION
COPY main.go /work/
RUN cd /work && CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/hello main.go
FROM scratch
COPY --from=compile /out/hello /
