FROM debian:13
RUN apt-get update && \
    # the tool
    apt-get install -y curl # at the end
RUN <<XX
true # one
false
XX
