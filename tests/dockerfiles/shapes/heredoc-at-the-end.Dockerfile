FROM busybox
RUN x && y
COPY <<EOF /x
a
EOF