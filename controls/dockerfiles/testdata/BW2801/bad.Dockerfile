ARG TAG
ARG REPO=Alpine
# want-next "TAG9"
FROM alpine:$TAG9
# want-next "\"alpine:\""
FROM alpine:${TAG}
# want-next "Alpine"
FROM ${REPO}:3
# want-next "PLAT"
FROM --platform=$PLAT alpine:3.22
# check=skip=UndefinedArgInFrom
FROM debian:$OTHER
