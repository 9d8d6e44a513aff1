FROM alpine:3.22
RUN wget https://example.com
RUN wget -q --ca-certificate=ca.pem https://example.com
