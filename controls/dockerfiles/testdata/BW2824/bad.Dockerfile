FROM busybox
# want-next "\"/proc/self/fd/8\""
WORKDIR /proc/self/fd/8
# want-next "\"/sys\""
WORKDIR "/sys"
# want-next "\"/dev\""
VOLUME ["/data", "/dev"]
# want-next "docker.sock"
VOLUME /var/run/docker.sock
# trivy:ignore:DS-0030
WORKDIR /proc/1
