FROM alpine:3.22
VOLUME /data /var/lib/x
