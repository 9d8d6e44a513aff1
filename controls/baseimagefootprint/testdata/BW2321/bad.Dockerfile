FROM debian:13 AS build
RUN apt-get update && apt-get install -y gcc
FROM debian:13
# want-next "apt-get leaves"
RUN apt-get update && apt-get install -y curl
# want-next "apt-get leaves"
RUN apt-get update; apt-get install -y curl && rm -rf /tmp/x || true
RUN <<XX
set -e
# want-next "apt-get leaves"
apt-get update
apt-get install -y curl
XX
COPY --from=build /a /a
# hadolint ignore=DL3009
RUN apt-get update && apt-get install -y curl
