FROM busybox
RUN <<EOF
# a comment; with && words
echo a # b; c

echo d \
  e
EOF
