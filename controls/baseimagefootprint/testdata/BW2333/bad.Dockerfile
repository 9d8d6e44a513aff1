FROM debian:13
COPY setup.sh /tmp/setup.sh
COPY keys/ /keys/
ADD a b /opt/x/
# want-next "layer of line 2"
RUN sh /tmp/setup.sh && rm /tmp/setup.sh
# want-next "layer of line 3"
RUN rm -rf /keys
# want-next "layer of line 4"
RUN rm /opt/x/a
# bulwark:ignore BW2333: small
RUN rm /opt/x/b
