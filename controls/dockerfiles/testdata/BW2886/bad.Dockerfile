FROM debian:13
# want-next "when this cd fails"
RUN cd /app; make
# want-next "when this pushd fails"
RUN true && pushd /app; make
# hadolint ignore=SC2164
RUN cd /app; make
