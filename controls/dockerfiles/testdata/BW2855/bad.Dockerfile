# want-next "stage 0"
FROM golang:1.27 AS test
RUN go test ./...
# bulwark:ignore BW2855: another target
FROM golang:1.27 AS lint
FROM golang:1.27 AS build
FROM debian:13
COPY --from=build /a /a
