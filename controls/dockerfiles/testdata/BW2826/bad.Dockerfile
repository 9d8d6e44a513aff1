FROM debian:13
# want-next "apt-get install"
RUN apt-get update && apt-get install curl
# want-next "install"
RUN apt-get -q install curl
# want-next "upgrade"
RUN apt-get upgrade
# want-next "install"
RUN ["apt-get", "install", "curl"]
RUN <<EOF
# want-next "install"
apt-get install curl
EOF
# want-next "install"
RUN if true; then apt-get install \
      curl; fi
# hadolint ignore=DL3014
RUN apt-get install curl
