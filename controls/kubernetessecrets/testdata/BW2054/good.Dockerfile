FROM alpine:3.22
RUN --mount=type=secret,id=netrc,target=/root/.netrc curl -n https://example.com
RUN --mount=type=secret,id=t,env=T curl -H "Authorization: $T" https://example.com > /out
RUN --mount=type=secret,id=t --mount=type=tmpfs,target=/tmp cp /run/secrets/t /tmp/t
