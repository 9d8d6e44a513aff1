FROM debian:13
# want-next "names the host"
EXPOSE 8080:80
# want-next "names the host"
EXPOSE 443 127.0.0.1:80:80/tcp
# check=skip=ExposeInvalidFormat
EXPOSE 8080:80
