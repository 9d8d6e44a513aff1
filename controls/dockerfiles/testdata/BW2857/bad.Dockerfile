FROM debian:13
ENTRYPOINT ["/a"]
# want-next "line 2 does not count"
ENTRYPOINT ["/b"]
FROM debian:13
ENTRYPOINT ["/a"]
