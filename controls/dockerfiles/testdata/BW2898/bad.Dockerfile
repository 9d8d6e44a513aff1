FROM debian:13
# want-next "line 3"
RUN if true; then echo x
# want-next "line 6"
RUN true && \
   echo "x
# hadolint ignore=SC1073
RUN echo "x
