FROM debian:13
CMD ["/a"]
# want-next "line 2 does not count"
CMD ["/b"]
FROM debian:13
CMD ["/a"]
