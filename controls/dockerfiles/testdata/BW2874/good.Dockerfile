FROM debian:13
RUN true && \
    # a comment
    true
