FROM alpine:3.22
CMD ./prepare.sh && exec ./server
