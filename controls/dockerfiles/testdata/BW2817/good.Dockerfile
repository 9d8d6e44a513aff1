FROM alpine:3.22 AS build
USER builder
RUN true
FROM alpine:3.22
ARG WHO
COPY --from=build /a /a
USER 10001:10001
FROM alpine:3.22
ARG WHO
USER $WHO
