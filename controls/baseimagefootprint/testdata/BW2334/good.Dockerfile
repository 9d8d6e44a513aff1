FROM debian:13
COPY --chown=10001 . /app
RUN mkdir /data && chown -R 10001 /data && chown 10001 /app
