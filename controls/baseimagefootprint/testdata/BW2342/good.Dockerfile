FROM debian:13
RUN yum -y install bash-5.2.26-3 x.rpm httpd-24.1-2.el9
