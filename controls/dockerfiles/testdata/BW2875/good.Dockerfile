FROM debian:13
LABEL org.opencontainers.image.source=x a=b a-b_c/d=e
