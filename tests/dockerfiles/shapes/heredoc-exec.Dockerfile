FROM busybox
RUN ["echo", "<<EOF"]
COPY ["<<EOF", "/x"]
RUN [ -n "<<" ] && echo [x]
CMD echo <<EOF
ENTRYPOINT x <<EOF
