FROM debian:13
RUN ln -s /bin/bash /usr/local/bin/shell
SHELL ["/bin/bash", "-c"]
