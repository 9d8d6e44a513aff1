FROM debian:13 AS build
FROM debian:13
COPY --from=build /app.tar.gz /tmp/
RUN tar -xzf /tmp/app.tar.gz
COPY data.tar.gz /data/
ADD c.tar.gz /c
RUN tar -czf /x.tar.gz /data
