FROM alpine:3.22
CMD trap 'kill %1' TERM; ./server & wait
