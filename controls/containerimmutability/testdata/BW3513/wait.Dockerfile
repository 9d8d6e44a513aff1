FROM alpine:3.22
CMD ./migrate; ./server
