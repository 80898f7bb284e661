FROM busybox
RUN echo "a <<EOF" '<<X' && cat<<EOF && x=$((1<<2))
RUN n=${#PATH} && echo it is
RUN echo \<<EOF <\<E
