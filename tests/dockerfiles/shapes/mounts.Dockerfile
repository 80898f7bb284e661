FROM a AS b
RUN --mount=type=bind,from=img@sha256:00,target=/x --mount=type=secret,id=y curl z && w
COPY --from=img:1@sha256:00 /a /b
COPY --link --chmod=755 a b /c/
ADD --checksum=sha256:00 https://x /y
