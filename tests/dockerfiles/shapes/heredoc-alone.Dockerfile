FROM busybox
RUN <<EOF
set -e
echo a && echo b
if true; then echo c; fi
EOF
USER 1
