# params: {"allow": ["registry.example", "docker.io/library", "docker.io/docker/dockerfile"]}
ARG BASE=evil.example/x:1
FROM golang:1.27 AS build
# want-next "quay.io/org/x"
FROM quay.io/org/x:1
# want-next "evil.example/x"
FROM ${BASE}
# want-next "ghcr.io/org/tool"
COPY --from=ghcr.io/org/tool:1 /a /a
# want-next "docker.io/org/ctx"
RUN --mount=type=bind,from=org/ctx,target=/c true
# hadolint ignore=DL3026
FROM quay.io/org/x:1
