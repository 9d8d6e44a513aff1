FROM alpine:3.22 AS one
RUN adduser -D -u 10001 app
# want-next "\"app\""
USER app
FROM debian:13
RUN groupadd shop && useradd --uid=20002 -g shop shop
# want-next "\"shop\""
USER shop:shop
FROM alpine:3.22
# hadolint ignore=DL3066
USER nobody
