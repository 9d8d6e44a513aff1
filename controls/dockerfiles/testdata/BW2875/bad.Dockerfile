FROM debian:13
# want-next "\"Version\""
LABEL Version=1
# want-next "\"com.docker.x\""
LABEL a=b com.docker.x=y
# want-next "\"a..b\""
LABEL a..b=c
# hadolint ignore=DL3048
LABEL X=y
