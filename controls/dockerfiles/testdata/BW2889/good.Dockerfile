FROM debian:13
RUN [ -f /x ] && . /x && local=1 && echo '{a,b}' "${x}" ${HOME}
SHELL ["/bin/bash", "-c"]
RUN [[ -f /x ]]
FROM fedora:43
RUN [[ -f /x ]] && source /x
FROM alpine:3.22
RUN [[ -f /x ]] && source /x
FROM registry.example/x:1
RUN [[ -f /x ]]
