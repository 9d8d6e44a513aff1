FROM alpine:3.22
HEALTHCHECK --interval=5s CMD ["/app/server", "--check"]
