FROM debian:13
RUN cd /app && make
RUN cd /app || exit 1; make
RUN set -e; cd /app; make
RUN make; cd ..; make
RUN make; cd /app
RUN if cd /app; then make; fi
