FROM debian:13
CMD ["/a"]
# hadolint ignore=DL4003
CMD ["/a"]
