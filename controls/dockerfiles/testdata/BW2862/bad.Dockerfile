FROM golang:1.27
# want-next "no HEALTHCHECK"
FROM debian:13
CMD ["/app"]
