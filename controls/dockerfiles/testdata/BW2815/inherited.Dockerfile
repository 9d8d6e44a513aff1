ARG WHO
FROM alpine:3.22 AS base
ARG U=root
# want-next "\"root\""
USER $U
FROM base AS final
RUN true
