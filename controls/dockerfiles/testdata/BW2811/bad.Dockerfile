FROM alpine:3.22
# hadolint ignore=DL3018
# want-prev "switches rules off"
RUN apk add --no-cache curl
# hadolint ignore=DL3018, DL3019 # the reason
# want-prev "switches rules off"
RUN apk add curl
