FROM debian:13
ENV MODE=production A="b c"
LABEL a="b"
