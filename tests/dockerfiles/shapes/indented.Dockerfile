  FROM a
	ARG A
   # c
  RUN x && \
      y
 USER b
