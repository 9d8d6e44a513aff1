FROM alpine:3.22
RUN echo service
RUN apk add --no-cache top
