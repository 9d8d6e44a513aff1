FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends curl
RUN apk update && apk add --no-cache git
RUN apk --update add easy-rsa
RUN apt-get update -y ; apt-get install -y curl
RUN test && apt-get update && apt upgrade --yes
RUN yum update -y && yum -y install java
RUN sbt update
RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update
RUN apt-get update && ./install.sh
RUN echo "apt-get update"
