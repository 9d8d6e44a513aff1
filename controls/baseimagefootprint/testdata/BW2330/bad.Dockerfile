FROM debian:13
# want-next "progress"
RUN wget https://example.com/x
# hadolint ignore=DL3047
RUN wget https://example.com/x
