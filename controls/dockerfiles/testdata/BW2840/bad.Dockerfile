FROM alpine:3.22
# want-next "GOINSECURE"
ENV GOINSECURE=*
# want-next "GOSUMDB"
ARG GOSUMDB=off
# want-next "GOFLAGS"
RUN GOFLAGS=-insecure go get x
# want-next "go"
RUN go env -w GOINSECURE=example.com
# bulwark:ignore BW2840: lab
ENV GOSUMDB=off
