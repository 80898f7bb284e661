FROM a
RUN a \  
  && b \	
  && c
RUN echo \\
RUN d \ e
