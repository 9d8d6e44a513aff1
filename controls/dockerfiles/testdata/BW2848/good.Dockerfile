FROM alpine:3.22 AS a
RUN wget http://example.com
FROM alpine:3.22
RUN curl http://example.com && apk add --no-cache wget
