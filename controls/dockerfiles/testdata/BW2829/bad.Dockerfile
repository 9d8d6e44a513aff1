FROM debian:13
# want-next "dist-upgrade"
RUN apt-get update && apt-get -y dist-upgrade
# want-next "dup"
RUN zypper -n dup
# trivy:ignore:DS-0024
RUN apt-get dist-upgrade -y
