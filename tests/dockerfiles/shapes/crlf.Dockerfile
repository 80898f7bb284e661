# c
ARG A=1
FROM a \
  AS b

RUN a && \
  # c

  b
ENV A=1 \
 B=2
