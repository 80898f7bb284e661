FROM busybox
RUN cat << EOF > /x
a
EOF
RUN cat <<- EOF >> /x
RUN cat <<	TAB
b
TAB
