FROM alpine:3.22
ARG U
# unknown-next "not known"
USER $U
