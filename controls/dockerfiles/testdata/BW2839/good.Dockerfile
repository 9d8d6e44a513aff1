FROM alpine:3.22
RUN yum --setopt=sslverify=1 install x
RUN dnf config-manager --setopt=sslcacert=/ca
