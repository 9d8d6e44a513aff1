FROM debian:13
# want-next "\"bash\""
RUN dnf -y install bash
# want-next "\"bash\""
RUN microdnf in bash
# hadolint ignore=DL3041
RUN dnf -y install bash
