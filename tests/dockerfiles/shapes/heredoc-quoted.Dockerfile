FROM busybox
RUN <<'EOF'
echo "$HOME" | cat
cat <<X > y
not; this
X
echo z
EOF
RUN <<"A B"
echo x
A B
