FROM debian:13
# want-next "\"curl\""
RUN apk add --no-cache --virtual .deps curl git=2
# hadolint ignore=DL3018
RUN apk add --no-cache --virtual .deps curl git=2
