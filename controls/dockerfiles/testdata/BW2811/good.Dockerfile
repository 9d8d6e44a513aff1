FROM alpine:3.22
# hadolint would say something here
RUN apk add --no-cache curl
