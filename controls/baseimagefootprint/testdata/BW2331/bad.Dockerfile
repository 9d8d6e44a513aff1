FROM debian:13
RUN make a
# in between
# want-next "line 2"
RUN make b
# hadolint ignore=DL3059
RUN make c
