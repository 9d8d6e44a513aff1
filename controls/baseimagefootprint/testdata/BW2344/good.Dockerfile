FROM debian:13
RUN zypper -n install bash=5.2 "x>=1" y.rpm
