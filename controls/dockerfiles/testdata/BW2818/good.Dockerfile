FROM debian:13
RUN apt-get install sudo
RUN echo "sudo is here" > /etc/motd
COPY sudo /etc/sudoers.d/
