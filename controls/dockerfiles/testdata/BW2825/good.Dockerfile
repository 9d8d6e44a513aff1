FROM debian:13
RUN apt-get update && echo apt && apt-cache show curl
