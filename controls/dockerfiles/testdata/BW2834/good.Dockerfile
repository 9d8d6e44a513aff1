FROM alpine:3.22
RUN pip install x
ENV XPIP_TRUSTED_HOST=1
