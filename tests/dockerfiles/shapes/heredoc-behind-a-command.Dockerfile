FROM busybox
ARG A=1
RUN cat <<EOF > /motd
hello; there && all
EOF
RUN echo done && true
