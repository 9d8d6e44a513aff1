FROM debian:13
# want-next "\"app\""
WORKDIR app
WORKDIR /srv
# want-next "\"app\""
WORKDIR app
# want-next "\"sub\""
WORKDIR "sub"
# hadolint ignore=DL3000
WORKDIR x
