FROM debian:13
RUN apt-get update && apt-get -y upgrade
