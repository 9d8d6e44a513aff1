FROM golang:1.27 AS build
RUN apt-get install -y gcc
FROM alpine:3.22
RUN apk add --no-cache --virtual .build gcc && make && apk del .build
RUN apk add --no-cache make && make && apk del make
COPY --from=build /app /app
