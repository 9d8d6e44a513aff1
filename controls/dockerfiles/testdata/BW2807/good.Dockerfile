FROM golang:1.27 AS build
FROM alpine:3.22
COPY --from=build /a /b
COPY --from=BUILD /a /b
COPY --from=0 /a /b
