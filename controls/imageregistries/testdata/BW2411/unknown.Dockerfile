# params: {"allow": ["registry.example", "docker.io/library", "docker.io/docker/dockerfile"]}
ARG BASE
# unknown-next "not known before the build"
FROM ${BASE}
