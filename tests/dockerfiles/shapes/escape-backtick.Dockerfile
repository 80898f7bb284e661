# escape=`
FROM a
ARG A=`
  B="x `" y"
RUN dir C:\ `
  # c
 && echo `
 x
COPY a `
 b C:\
ENV X=C:\
