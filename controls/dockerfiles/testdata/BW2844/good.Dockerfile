FROM alpine:3.22
RUN yum install -y x
RUN printf "gpgcheck=1" > /etc/yum.repos.d/x.repo
