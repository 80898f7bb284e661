FROM a
ENV A b c  d
ENV A="b c" D=e\ f G='h'
LABEL a b
LABEL "a b"="c"
ENV X=<<EOF
