FROM debian:13
# want-next "\"app/\" is relative"
COPY a app/
# hadolint ignore=DL3045
COPY a .
