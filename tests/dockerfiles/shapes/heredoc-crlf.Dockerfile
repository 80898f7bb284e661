FROM busybox
RUN <<EOF
echo a
EOF
COPY <<-X /x
	b
	X
RUN y && z
