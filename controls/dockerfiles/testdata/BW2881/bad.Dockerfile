FROM debian:13
# want-next "failure of 2"
RUN <<XX
curl -fsSLO https://example.com/tool
echo x
chmod +x tool
./tool
XX
# want-next "failure of 1"
RUN make; make install
SHELL ["/bin/bash", "-c"]
# want-next "failure of 1"
RUN make; make install
# bulwark:ignore BW2881: known
RUN make; make install
