FROM a AS x
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN [[ -f a && -f b ]] && curl c |& d
FROM x
RUN a &> b; c
SHELL ["/bin/sh", "-c"]
RUN d; e
