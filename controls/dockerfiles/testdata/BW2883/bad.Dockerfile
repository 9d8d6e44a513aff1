FROM debian:13
# want-next "gone"
RUN cd /app
# want-next "gone"
RUN export PATH=/x:$PATH && A=b
# want-next "gone"
RUN service nginx start
# want-next "gone"
RUN . /env.sh
# bulwark:ignore BW2883: checks that it is there
RUN cd /app
