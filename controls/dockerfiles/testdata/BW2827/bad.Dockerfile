FROM fedora:43
# want-next "dnf install"
RUN dnf install curl
# want-next "yum groupinstall"
RUN yum groupinstall Tools
# want-next "microdnf update"
RUN microdnf update
# hadolint ignore=DL3038
RUN dnf install curl
