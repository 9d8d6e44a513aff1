FROM busybox
WORKDIR /development
WORKDIR /dev/shm/cache
VOLUME /data /process
