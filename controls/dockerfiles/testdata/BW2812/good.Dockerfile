# VERSION is the release of the base.
ARG VERSION=3.22

# build makes it.
FROM alpine:${VERSION} AS build
# hadolint ignore=DL3006
FROM build AS run
FROM build
