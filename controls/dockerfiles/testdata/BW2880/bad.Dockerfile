FROM debian:13
# want-next "line 4 swallows"
RUN apt-get update && \
    apt-get install -y curl # the tool \
    && rm -rf /x
# bulwark:ignore BW2880: known
RUN true # the end \
    && false
