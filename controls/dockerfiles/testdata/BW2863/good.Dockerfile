FROM debian:13
ENTRYPOINT /app/server "$@"
CMD ["--port", "8080"]
FROM debian:13
ENTRYPOINT ["/app/server"]
CMD ["--port", "8080"]
