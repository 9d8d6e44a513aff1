ARG IMAGE=alpine:3.22
FROM ${IMAGE} AS base
FROM base
FROM nginx@sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d
FROM scratch
COPY --from=context /a /a
