FROM debian:13
RUN useradd -l -u 1000001 app && useradd -u 10001 b && useradd c
