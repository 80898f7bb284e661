FROM a
RUN x && y
RUN a && \
  b \
