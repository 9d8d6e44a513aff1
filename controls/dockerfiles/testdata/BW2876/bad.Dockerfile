# params: {"schema": ["team=text", "org.opencontainers.image.source=url"]}
FROM golang:1.27 AS build
# want-next "\"team\"" "image.source"
FROM debian:13
COPY --from=build /a /a
# hadolint ignore=DL3049
FROM debian:13
LABEL team=shop
