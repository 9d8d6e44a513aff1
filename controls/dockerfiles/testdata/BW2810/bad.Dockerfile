FROM alpine:3.22
# want-next "INSTALL cannot be read: unknown instruction"
INSTALL curl
# want-next "ONBUILD cannot be read"
ONBUILD FROM alpine
RUN true
# want-next "LABEL cannot be read"
LABEL alone
# hadolint ignore=DL1000
COPY alone
