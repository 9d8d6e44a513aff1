FROM debian:13
RUN <<XX
set -e
make
make install
XX
RUN set -ex; make; make install
RUN echo x; make
RUN A=b; export C=d; make
SHELL ["/bin/bash", "-ec"]
RUN make; make install
SHELL ["pwsh", "-Command"]
RUN Get-Item x; Get-Item y
