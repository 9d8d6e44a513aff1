FROM debian:13
# want-next "80/TCP"
EXPOSE 80/TCP
# check=skip=ExposeProtoCasing
EXPOSE 80/TCP
