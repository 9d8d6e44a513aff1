FROM opensuse/leap:16.0
# want-next "zypper install"
RUN zypper install curl
# want-next "zypper dup"
RUN zypper --quiet dup
# hadolint ignore=DL3034
RUN zypper in curl
