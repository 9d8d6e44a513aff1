FROM debian:13
# want-next "SC2115"
RUN rm -rf "$DIR/"
# want-next "SC2115"
RUN rm -rf $DIR/*
# want-next "SC2115"
RUN rm -fr "${DIR}/bin"
# want-next "SC2114"
RUN rm -rf /usr/local
# want-next "SC2114"
RUN rm -r /
# hadolint ignore=SC2114
RUN rm -rf /etc
