FROM alpine:3.22
RUN apk add --no-cache libcap && setcap cap_net_bind_service=+ep /app/server
ENTRYPOINT ["sudo", "/app/server"]
