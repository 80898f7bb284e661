FROM busybox
RUN --mount=type=cache,target=/c \
  # why

  cat <<EOF \
  > /x
body
EOF
RUN x
