FROM alpine:3.22
USER root
# want-next "sudo"
RUN sudo make && \
# want-next "sudo"
    sudo make install
