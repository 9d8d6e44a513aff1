FROM debian:13
# want-next "\"bash\"" "\"java-openjdk\""
RUN yum -y install bash java-openjdk
# hadolint ignore=DL3033
RUN yum -y install bash java-openjdk
