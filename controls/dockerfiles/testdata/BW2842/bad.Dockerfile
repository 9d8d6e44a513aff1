FROM alpine:3.22
# want-next "apk"
RUN apk add --no-cache --allow-untrusted x.apk
# bulwark:ignore BW2842: lab
RUN apk add --allow-untrusted x.apk
