ARG X=1 \

  # c
  Y=2 \
#d


  Z='a b' 
FROM a
RUN a && \

# b && \
  c
