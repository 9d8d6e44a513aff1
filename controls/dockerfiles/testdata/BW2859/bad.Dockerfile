FROM debian:13
# want-next "CMD is in shell form"
CMD /app/server --port 8080
FROM debian:13
# want-next "ENTRYPOINT is in shell form"
ENTRYPOINT exec /app/server
# want-next "HEALTHCHECK is in shell form"
HEALTHCHECK CMD curl -f http://localhost/
FROM debian:13
# want-next "CMD is in shell form"
CMD /app/server --port $PORT
FROM debian:13
ENTRYPOINT ["/entry"]
# want-next "CMD is in shell form"
CMD a b
# hadolint ignore=DL3025
CMD a b
