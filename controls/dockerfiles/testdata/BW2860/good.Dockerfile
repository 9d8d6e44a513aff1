FROM debian:13
RUN [ -f /etc/passwd ]
RUN [[ -f /etc/passwd ]]
CMD ["/app", "--x"]
