FROM busybox
RUN echo ${x:-a <<EOF}
body
EOF}
RUN echo <<E${x:-y}F
