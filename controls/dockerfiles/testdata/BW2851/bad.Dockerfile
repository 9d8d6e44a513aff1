FROM debian:13
# want-next "2 sources are copied to \"my_app\""
COPY package.json yarn.lock my_app
# want-next "2 sources"
COPY ["a", "b", "c"]
# hadolint ignore=DL3021
COPY a b c
