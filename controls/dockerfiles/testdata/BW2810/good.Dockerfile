FROM alpine:3.22
ONBUILD COPY . /app
RUN <<EOF
apk add --no-cache curl
EOF
