FROM debian:13 AS build
FROM debian:13
# want-next "everything of \"build\""
COPY --from=build / /
# hadolint ignore=DL3067
COPY --from=build / /
