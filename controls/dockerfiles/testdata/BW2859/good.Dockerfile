FROM debian:13
ENTRYPOINT ["/app/server"]
CMD []
HEALTHCHECK NONE
FROM debian:13
SHELL ["/bin/bash", "-c"]
CMD /app/server
