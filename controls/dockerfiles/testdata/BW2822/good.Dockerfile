FROM debian:13
RUN --network=none make
RUN --mount=type=cache,target=/root/.cache make
