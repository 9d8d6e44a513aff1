FROM debian:13
# want-next "PATH uses APP"
ENV APP=/app PATH=$APP/bin
# hadolint ignore=DL3044
ENV X=/app Y=${X}/bin
