FROM a#b
RUN echo # \
 && lost
ENV A=#b
RUN x \
  #y \
  && z
