FROM a
RUN ["a", "b; c"]
RUN [ "a" , "\u00e9\n" ] 
RUN ["a"] && b
CMD []
ENTRYPOINT [ ]
VOLUME ["/a","/b"]
SHELL ["a"]
HEALTHCHECK --interval=5s CMD ["x"]
HEALTHCHECK NONE
ADD ["a b", "c"]
