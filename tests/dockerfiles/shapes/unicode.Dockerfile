# é
FROM a
LABEL x="é ñ" y='日本'
RUN echo 'ü' && echo 日本; x \
  && é
ARG É=ü A="ß c"
