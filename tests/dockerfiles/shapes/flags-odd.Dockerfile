FROM a
COPY --from="b c" --chown='1:1' -- --x /y
RUN --mount=type=cache,target=/x --network=none -- a && b
RUN --mount="type=bind,from=x,target=/y" \
 --mount=type=tmpfs,target=/z c
FROM -- d AS e
