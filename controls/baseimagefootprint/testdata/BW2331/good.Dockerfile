FROM debian:13
RUN make a
COPY a /a
RUN make b
RUN make c && make d
RUN --mount=type=cache,target=/c make e
RUN make f
