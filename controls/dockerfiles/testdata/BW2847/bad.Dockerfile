FROM alpine:3.22
# want-next "service"
RUN service nginx start
# want-next "kill"
RUN true && kill 1
# want-next "ssh"
RUN ssh host true
