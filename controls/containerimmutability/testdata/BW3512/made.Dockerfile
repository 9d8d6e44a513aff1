FROM debian:13
RUN useradd -u 10001 app
USER 10001
