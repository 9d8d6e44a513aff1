FROM debian:13
# want-next "\"bash\""
RUN zypper -n install bash
# hadolint ignore=DL3037
RUN zypper -n install bash
