FROM debian:13
RUN echo chpasswd
