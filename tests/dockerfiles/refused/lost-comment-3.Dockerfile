FROM a
ENV A=1
needed for the client
