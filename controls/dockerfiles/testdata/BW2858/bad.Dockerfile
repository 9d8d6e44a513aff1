FROM debian:13
HEALTHCHECK CMD ["/a"]
# want-next "line 2 does not count"
HEALTHCHECK CMD ["/b"]
FROM debian:13
HEALTHCHECK CMD ["/a"]
