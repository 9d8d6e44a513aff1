FROM debian:13
RUN wget -nv https://example.com/x && wget -q https://example.com/x && wget -qO- https://example.com/x && wget --progress=dot:giga https://example.com/x
