FROM debian:13
WORKDIR /app
RUN make && echo cd
