FRO\
M a
RU\
N x && \
y
CO\
# c
PY a \
b
