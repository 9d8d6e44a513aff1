FROM debian:13
EXPOSE 80/tcp 53/udp
