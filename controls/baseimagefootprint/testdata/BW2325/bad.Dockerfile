FROM fedora:43
# want-next "zypper leaves"
RUN zypper -y install bash
# want-next "zypper leaves"
RUN zypper clean && zypper -y install bash
# want-next "zypper leaves"
RUN zypper -y install bash && zypper clean && zypper -y install zsh
# want-next "zypper leaves"
RUN zypper -y install bash; zypper -y install zsh
# hadolint ignore=DL3036
RUN zypper -y install bash
