# syntax=docker/dockerfile:1-labs
FROM debian:13
# want-next "--security=insecure"
RUN --security=insecure mount
# want-next "--network=host"
RUN --network=host curl http://169.254.169.254/
# bulwark:ignore BW2822: needs the proxy
RUN --network=host make
