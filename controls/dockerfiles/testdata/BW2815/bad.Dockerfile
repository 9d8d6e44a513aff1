FROM alpine:3.22 AS base
USER root:root
FROM base
# want-next "\"0:0\""
USER 0:0
