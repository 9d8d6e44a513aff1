FROM alpine:3.22
RUN apk add --no-cache python3
RUN apk add bash --no-cache
RUN apk --no-cache add nginx
RUN --mount=type=cache,target=/var/cache/apk apk add bash
RUN apk add bash && rm -rf /var/cache/apk/*
