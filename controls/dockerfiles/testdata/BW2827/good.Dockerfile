FROM fedora:43
RUN dnf -y install curl && yum install -y curl && dnf install --assumeyes curl
RUN dnf repolist
