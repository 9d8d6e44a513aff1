FROM golang:1.27 AS build
RUN go build .
# want-next "\"Build\" as the one on line 1"
FROM node:24 AS Build
# hadolint ignore=DL3024
FROM node:24 AS build
