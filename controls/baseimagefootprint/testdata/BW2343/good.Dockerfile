FROM debian:13
RUN dnf -y install bash-5.2.26
RUN dnf -y upgrade
