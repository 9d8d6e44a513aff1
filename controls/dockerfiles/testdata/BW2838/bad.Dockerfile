FROM alpine:3.22
# want-next "ENV"
ENV GIT_SSL_NO_VERIFY=0
# want-next "GIT"
RUN export GIT_SSL_NO_VERIFY=1 && git clone https://example.com/x
# want-next "git"
RUN git config --global http.sslVerify false
# want-next "git"
RUN git -c http.sslVerify=false clone https://example.com/x
# want-next "git"
RUN git config --global http.https://git.example.sslVerify "false"
# bulwark:ignore BW2838: lab
ENV GIT_SSL_NO_VERIFY=1
