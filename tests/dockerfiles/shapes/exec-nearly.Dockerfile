FROM a
RUN ['a', 'b']
RUN ["a", "b",]
RUN ["a" "b"]
RUN [[ -f x ]]
RUN ["a\x"]
RUN [ -f x ]
RUN ["a", 01]
CMD ["a
CMD [{"a" 1}]
