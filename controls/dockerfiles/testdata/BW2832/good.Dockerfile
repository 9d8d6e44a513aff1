FROM alpine:3.22
RUN curl --cacert ca.pem https://example.com
RUN echo curl -k
RUN curl -okube https://example.com
RUN curl https://example.com/a-k
