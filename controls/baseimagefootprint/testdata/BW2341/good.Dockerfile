FROM debian:13
RUN apk add --no-cache curl=8.0-r1 git~2 "x>1" a@edge b.apk
