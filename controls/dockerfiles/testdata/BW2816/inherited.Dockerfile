FROM alpine:3.22 AS base
USER 10001
FROM base
RUN true
