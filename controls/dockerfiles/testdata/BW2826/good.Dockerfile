FROM debian:13
RUN apt-get install -y curl
RUN apt-get -fmy install curl
RUN apt-get install --assume-yes curl
RUN apt-get --yes -q install curl
RUN apt-get -qq install curl
RUN apt-get install curl vim -y
RUN yes | apt-get install curl
RUN apt-get update
RUN sudo apt-get install -y curl
