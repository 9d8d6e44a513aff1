FROM debian:13 AS a
CMD ["/a"]
FROM a
CMD ["/a"]
