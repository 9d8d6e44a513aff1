FROM alpine:3.22
# hadolint ignore=DL3001
RUN top
