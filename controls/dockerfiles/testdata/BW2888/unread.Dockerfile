FROM debian:13
RUN ls | (
# unknown-next "the shell text cannot be read"
RUN rm -rf $X/ | (
