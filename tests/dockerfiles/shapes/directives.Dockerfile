# Syntax = docker/dockerfile:1
#	escape	=	\
# check=skip=all
# other=`
# escape=`
FROM a
RUN a \
  && b
