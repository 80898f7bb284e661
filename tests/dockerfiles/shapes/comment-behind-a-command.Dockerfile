FROM debian
RUN apt-get install -y foo # needed for the client; see notes
RUN echo ok
RUN a && b # c && d
