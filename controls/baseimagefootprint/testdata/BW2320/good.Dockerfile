FROM debian:13
RUN apt-get install --no-install-recommends -y curl
RUN apt-get -y install curl --no-install-recommends
RUN apt-get -o APT::Install-Recommends=false install -y curl
RUN apt-get -y upgrade
