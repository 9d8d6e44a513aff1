FROM debian:13
EXPOSE 80
CMD ["/web"]
