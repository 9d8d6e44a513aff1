FROM golang:1.27 AS build
USER app
# want-next "\"alpine:3.22\" leaves root"
FROM alpine:3.22
RUN true
