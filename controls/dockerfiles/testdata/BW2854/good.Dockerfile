FROM debian:13 AS build
FROM scratch
COPY --from=build / /
FROM debian:13
COPY --from=build /app /
COPY / /
