FROM debian:13
ENTRYPOINT ["/a"]
# hadolint ignore=DL4004
ENTRYPOINT ["/a"]
