FROM debian:13
# want-next "line 5 swallows"
RUN true && \
    # fine
    true # bad \
    && false
