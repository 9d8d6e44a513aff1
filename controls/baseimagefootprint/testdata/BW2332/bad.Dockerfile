FROM debian:13
# want-next "\"app.tar.gz\""
COPY app.tar.gz /tmp/
RUN tar -xzf /tmp/app.tar.gz
# want-next "\"dist/x.zip\""
COPY dist/x.zip /tmp/y.zip
RUN unzip /tmp/y.zip
# hadolint ignore=DL3010
COPY b.tar /tmp/
RUN tar xf /tmp/b.tar
