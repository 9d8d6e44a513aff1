FROM alpine:3.22
# want-next "yum-config-manager"
RUN yum-config-manager --setopt=sslverify=0 --save
# want-next "dnf"
RUN dnf config-manager --setopt=shop.sslverify=False
# want-next "yum"
RUN yum --setopt sslverify=no install x
# bulwark:ignore BW2839: lab
RUN dnf --setopt=sslverify=0 install x
