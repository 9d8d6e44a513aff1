FROM alpine:3.22
# want-next "apt-get"
RUN apt-get install -y --allow-unauthenticated x
# want-next "apt-get"
RUN apt-get --force-yes install x
# want-next "apt-get"
RUN apt-get update --allow-insecure-repositories
# want-next "apt-get"
RUN apt-get -o APT::Get::AllowUnauthenticated=true install x
# want-next "trusted"
RUN echo "deb [trusted=yes] https://example.com/ ./" > /etc/apt/sources.list.d/x.list
# bulwark:ignore BW2843: lab
RUN apt-get install -y --allow-unauthenticated x
