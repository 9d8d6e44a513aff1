FROM golang:1.27 AS build
RUN apt-get install -y gcc
# want-next "built on \"golang:1.27\""
FROM golang:1.27
RUN apt-get update && apt-get install -y ca-certificates \
# want-next "gcc stays"
    gcc=4:14
# bulwark:ignore BW2311: builds plugins
RUN apt-get install -y make
