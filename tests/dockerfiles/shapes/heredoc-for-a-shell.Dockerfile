FROM busybox
RUN sh -e <<'EOF'
echo a
echo b | cat
EOF
RUN <<EOF bash -o pipefail
echo c
EOF
RUN python3 <<EOF
print('echo; a')
EOF
