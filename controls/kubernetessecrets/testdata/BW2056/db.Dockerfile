FROM alpine:3.22 AS base
ENV DB_PASSWORD=changeme TOKEN=""
FROM base
ARG API_KEY=none
