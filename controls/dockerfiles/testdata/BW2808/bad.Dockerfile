ARG VERSION=3.22
# want-next "RUN stands above"
RUN true
# want-next "ENV stands above"
ENV A=b
FROM alpine:${VERSION}
RUN true
