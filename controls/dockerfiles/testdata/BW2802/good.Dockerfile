FROM --platform=$BUILDPLATFORM golang:1.27 AS build
FROM --platform=linux/arm64 alpine:3.22 AS run-arm64
FROM alpine:3.22
