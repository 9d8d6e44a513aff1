# params: {"allow": ["registry.example", "docker.io/library", "docker.io/docker/dockerfile"]}
FROM golang:1.27 AS build
FROM registry.example/base:1
COPY --from=build /a /a
COPY --from=0 /a /a
COPY --from=context /a /a
FROM scratch
FROM build
