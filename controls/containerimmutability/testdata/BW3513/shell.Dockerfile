FROM alpine:3.22
STOPSIGNAL SIGKILL
ENTRYPOINT ./prepare.sh && ./server --port 8080
