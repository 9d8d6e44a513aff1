FROM debian:13 AS build
RUN apt-get install -y gcc
FROM debian:13
# want-next "recommended"
RUN apt-get update && apt-get install -y curl
# want-next "recommended"
RUN ["apt-get", "install", "-y", "curl"]
# want-next "recommended"
RUN apt-get install \
    -y curl
COPY --from=build /a /a
# hadolint ignore=DL3015
RUN apt-get install -y curl
