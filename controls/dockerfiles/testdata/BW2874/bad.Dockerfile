FROM debian:13
# want-next "blank line"
RUN true && \

    true && \
# a comment

    true
RUN true
# check=skip=all
