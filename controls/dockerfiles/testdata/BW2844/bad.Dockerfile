FROM alpine:3.22
# want-next "yum"
RUN yum install -y --nogpgcheck x
# want-next "dnf"
RUN dnf -y --nogpgcheck install x
# want-next "zypper"
RUN zypper --no-gpg-checks install x
# want-next "gpg|signatures"
RUN yum --setopt=gpgcheck=0 install x
# want-next "signatures"
RUN printf "[x]\ngpgcheck=0\n" > /etc/yum.repos.d/x.repo
# bulwark:ignore BW2844: lab
RUN yum install --nogpgcheck x
