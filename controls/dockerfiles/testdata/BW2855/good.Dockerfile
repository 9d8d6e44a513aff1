FROM golang:1.27 AS build
FROM debian:13
COPY --from=build /a /a
