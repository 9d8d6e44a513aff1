FROM golang:1.27 AS build
FROM alpine:3.22 AS run
COPY --from=build /a /b
COPY --from=0 /a /b
COPY --from=nginx:1.29 /a /b
