FROM alpine:3.22
ENV GOINSECURE=
ENV GOSUMDB=sum.golang.org
ENV GOPRIVATE=example.com
