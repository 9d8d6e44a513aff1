# params: {"schema": ["team=text", "org.opencontainers.image.source=url"]}
FROM debian:13
LABEL team=shop
