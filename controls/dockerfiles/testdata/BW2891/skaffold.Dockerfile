FROM alpine:3.22 AS run
USER root
FROM alpine:3.22
USER 1000
