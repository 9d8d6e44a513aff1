FROM debian:13
# want-next "apt-get update"
RUN apt-get update
RUN apt-get install -y curl
# want-next "apt-get update"
RUN apt-get update && adduser mike
# want-next "apt-get update"
RUN ["apt-get", "update"]
RUN apt install -y a \
# want-next "apt update"
 && apt update
# want-next "apk update"
RUN apk update
# want-next "dnf update"
RUN dnf update -y
# want-next "zypper up"
RUN zypper up -y
RUN <<EOF
# want-next "apt-get update"
apt-get update
echo done
EOF
# want-next "apt-get update"
ONBUILD RUN apt-get update
# checkov:skip=CKV_DOCKER_2:other
# trivy:ignore:DS-0017
RUN apt-get update
