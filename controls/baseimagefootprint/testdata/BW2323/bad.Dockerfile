FROM fedora:43
# want-next "yum leaves"
RUN yum -y install bash
# want-next "yum leaves"
RUN yum clean all && yum -y install bash
# want-next "yum leaves"
RUN yum -y install bash && yum clean all && yum -y install zsh
# want-next "yum leaves"
RUN yum -y install bash; yum -y install zsh
# hadolint ignore=DL3032
RUN yum -y install bash
