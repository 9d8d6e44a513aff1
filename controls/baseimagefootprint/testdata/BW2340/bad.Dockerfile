FROM debian:13
# want-next "\"curl\""
RUN apt-get install -y -t trixie curl git=1:2
# hadolint ignore=DL3008
RUN apt-get install -y -t trixie curl git=1:2
