FROM alpine:3.22
RUN mkdir /data && chown -R 10001:10001 /data
USER 10001
