FROM alpine:3.22
# want-next "PYTHONHTTPSVERIFY"
ENV PYTHONHTTPSVERIFY 0
# want-next "ARG"
ARG PYTHONHTTPSVERIFY="0"
# want-next "=0"
RUN PYTHONHTTPSVERIFY=0 python x.py
# want-next "=0"
RUN export PYTHONHTTPSVERIFY=0 && python x.py
# want-next "ENV"
ENV A=b PYTHONHTTPSVERIFY=0
# bulwark:ignore BW2835: lab
ENV PYTHONHTTPSVERIFY=0
