# params: {"schema": ["team=text", "org.opencontainers.image.source=url"]}
FROM debian:13
# want-next "\"taem\""
LABEL team=shop taem=shop
# hadolint ignore=DL3050
LABEL x=y
