FROM busybox
EXPOSE 8080 2222 220/udp $PORT
CMD ["/app"]
