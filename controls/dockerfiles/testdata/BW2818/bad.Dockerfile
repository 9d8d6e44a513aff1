FROM alpine:3.22
# want-next "sudo"
RUN sudo pip install --upgrade pip
# want-next "sudo"
RUN apk add bash && sudo -u app pip install x
# want-next "sudo"
RUN RUN sudo pip install x
# want-next "sudo"
RUN true ; /usr/bin/sudo make install
RUN <<EOF
# want-next "sudo"
sudo make
EOF
# want-next "sudo"
ONBUILD RUN sudo make
# hadolint ignore=DL3004
RUN sudo make
