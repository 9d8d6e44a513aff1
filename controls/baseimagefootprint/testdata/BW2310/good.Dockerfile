FROM debian:13
FROM scratch
