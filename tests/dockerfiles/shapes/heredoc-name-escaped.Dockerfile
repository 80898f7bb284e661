FROM busybox
RUN cat <<\EOF >x
a \
b
EOF
RUN cat <<E"O"F
x
EOF
