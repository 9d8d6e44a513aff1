FROM debian:13
ENTRYPOINT /app/server
# want-next "line 2"
CMD ["--port", "8080"]
FROM debian:13
ENTRYPOINT /app/server
# bulwark:ignore BW2863: later
CMD ["--port", "8080"]
