FROM debian:13
EXPOSE 22
CMD ["/usr/sbin/sshd", "-D"]
