FROM debian:13 AS base
WORKDIR /app
COPY a .
FROM base
COPY a b/
FROM debian:13
COPY a /b
COPY a $DIR/b
COPY a C:/b
