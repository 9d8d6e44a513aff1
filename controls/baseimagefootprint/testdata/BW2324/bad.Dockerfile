FROM fedora:43
# want-next "dnf leaves"
RUN dnf -y install bash
# want-next "dnf leaves"
RUN dnf clean all && dnf -y install bash
# want-next "dnf leaves"
RUN dnf -y install bash && dnf clean all && dnf -y install zsh
# want-next "dnf leaves"
RUN dnf -y install bash; dnf -y install zsh
# hadolint ignore=DL3040
RUN dnf -y install bash
