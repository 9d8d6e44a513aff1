FROM alpine:3.22 AS a
RUN wget http://example.com
# want-next "curl is used beside wget"
RUN curl http://example.com
RUN curl http://example.com
FROM alpine:3.22
RUN curl http://example.com
# hadolint ignore=DL4001
RUN wget http://example.com
