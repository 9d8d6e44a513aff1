FROM debian:13
RUN apt-get install -y curl=8.0 git/trixie ./x.deb $PKGS
RUN apt-get update
