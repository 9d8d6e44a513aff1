FROM debian:13
# want-next "1000001"
RUN useradd -u 1000001 app
# hadolint ignore=DL3046
RUN useradd --uid 1000001 app
