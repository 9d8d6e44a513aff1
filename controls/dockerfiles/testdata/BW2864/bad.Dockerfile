FROM debian:13
# want-next "65536"
EXPOSE 80 65536
# want-next "80-99999"
EXPOSE 80-99999/tcp
ARG P=70000
# want-next "70000"
EXPOSE $P
# hadolint ignore=DL3011
EXPOSE 70000
