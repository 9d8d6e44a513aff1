FROM debian:13
HEALTHCHECK CMD ["/a"]
# hadolint ignore=DL3012
HEALTHCHECK CMD ["/a"]
