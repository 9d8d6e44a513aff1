FROM alpine:3.22 AS build
USER root
RUN true
FROM alpine:3.22
USER root
RUN apk add --no-cache tini
USER app
