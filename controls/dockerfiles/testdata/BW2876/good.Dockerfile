# params: {"schema": ["team=text", "org.opencontainers.image.source=url"]}
FROM debian:13 AS base
LABEL team=shop
FROM base
LABEL org.opencontainers.image.source=https://example.com
