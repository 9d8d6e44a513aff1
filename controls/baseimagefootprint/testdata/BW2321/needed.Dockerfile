FROM debian:13
# want-next "apt-get leaves"
RUN apt-get update && apt-get install -y curl
RUN apt-get install -y vim
