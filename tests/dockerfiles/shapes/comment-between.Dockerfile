FROM a
RUN useradd -m app && \
    # curl -o /x https://example.org/x && \
    # and; this
    chown app /x && \
    echo a#b
