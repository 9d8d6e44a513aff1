FROM debian:13
# want-next "apt is for people"
RUN apt update && \
# want-next "apt is for people"
    apt install -y curl
# want-next "apt is for people"
RUN apt list
# want-next "apt is for people"
RUN ["apt", "update"]
# hadolint ignore=DL3027
RUN apt update
