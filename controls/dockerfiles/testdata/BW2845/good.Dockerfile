FROM alpine:3.22
RUN rpm --import x.asc && rpm -i x.rpm
