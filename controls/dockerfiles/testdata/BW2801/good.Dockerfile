ARG TAG=3.22
FROM alpine:$TAG AS base
FROM --platform=$BUILDPLATFORM alpine:${TAG}
FROM base
FROM scratch
