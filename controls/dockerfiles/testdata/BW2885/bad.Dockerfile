FROM debian:13
# want-next "cd holds"
RUN cd /app && make
# want-next "cd holds"
RUN true; (cd /app; make)
# hadolint ignore=DL3003
RUN cd /app && make
