FROM busybox
# want-next "port 22"
EXPOSE 8080 22
# want-next "port 22"
EXPOSE 22/tcp
# want-next "port 22"
EXPOSE 20-30
# want-next "sshd"
CMD ["/usr/sbin/sshd", "-D"]
# trivy:ignore:DS-0004
EXPOSE 22
