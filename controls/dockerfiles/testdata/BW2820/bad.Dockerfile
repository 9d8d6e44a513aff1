FROM debian:13
# want-next "password is set"
RUN echo "app:changeme" | chpasswd
# want-next "password is set"
RUN chpasswd -e < /run/users
# checkov:skip=CKV_DOCKER_2
# bulwark:ignore BW2820: test image
RUN chpasswd < /x
