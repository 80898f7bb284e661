FROM busybox
RUN cat <<A <<B 3<<C > /x && echo y
a
A
b
B
c
C
COPY <<one <<"two" /dir/
1 $x
one
2 $x
two
ADD <<EOF /z
RUN no
EOF
