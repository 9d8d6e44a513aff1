FROM alpine:3.22
CMD ./server --port 8080
