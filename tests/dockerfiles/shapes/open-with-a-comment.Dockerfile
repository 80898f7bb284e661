FROM a
RUN x
ENV A=1 \
# c
